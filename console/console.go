// Package console owns the web console as the binary serves it: the built page with its headers, or, in a binary built
// without the `ui` tag, a page that says how to get it. It knows nothing of Greenroom's API; the page does.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// policy lets the page run and style itself from its own files only. A room's server is anywhere, so connections may go
// to any host by the four schemes that rooms and the API speak.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self' ws: wss: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// assets is the folder of files whose names carry a hash of their content.
const assets = "/assets/"

// Handler serves the console at "/": its files, and its one page for every other path, since the page has its own routes.
// Only GET and HEAD are answered. It can be shared and outlives nothing: it has no goroutine and nothing to close.
func Handler() http.Handler {
	return handler(files())
}

func handler(root fs.FS) http.Handler {
	h := &server{files: map[string]*file{}}
	// An error here is a broken binary: the files are embedded. What could be read is served, the rest is not found.
	_ = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		if err == nil {
			h.files["/"+name] = newFile(name, raw)
		}
		return err
	})
	return h
}

type server struct {
	files map[string]*file // by path, with the leading slash
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "the console answers GET and HEAD only", http.StatusMethodNotAllowed)
		return
	}
	name := path.Clean("/" + r.URL.Path)
	f, found := s.files[name]
	switch {
	case found && strings.HasPrefix(name, assets):
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	case strings.HasPrefix(name, assets):
		// A page of an older build asks for its old files: the page itself would be the wrong answer.
		header.Set("Cache-Control", "no-store")
		http.Error(w, "this build of the console has no such file; reload the page", http.StatusNotFound)
		return
	case found:
		header.Set("Cache-Control", "no-cache")
	default:
		if f = s.files["/index.html"]; f == nil {
			http.Error(w, "this build of the console has no page", http.StatusNotFound)
			return
		}
		header.Set("Cache-Control", "no-cache")
	}
	f.serve(w, r)
}

// file is one embedded file and, made when it is first wanted, its gzip form.
type file struct {
	raw         []byte
	contentType string
	etag        string
	gzipped     func() []byte // nil when it would not be smaller
}

func newFile(name string, raw []byte) *file {
	contentType := mime.TypeByExtension(path.Ext(name))
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	sum := sha256.Sum256(raw)
	return &file{
		raw:         raw,
		contentType: contentType,
		etag:        base64.RawURLEncoding.EncodeToString(sum[:12]),
		gzipped:     sync.OnceValue(func() []byte { return compress(raw) }),
	}
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Vary", "Accept-Encoding")
	body, etag := f.raw, fmt.Sprintf("%q", f.etag)
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if small := f.gzipped(); small != nil {
			header.Set("Content-Encoding", "gzip")
			body, etag = small, fmt.Sprintf("%q", f.etag+"-gzip")
		}
	}
	header.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the reader went away: there is nobody to tell
}

func compress(raw []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(raw); err != nil || w.Close() != nil || buf.Len() >= len(raw) {
		return nil
	}
	return buf.Bytes()
}
