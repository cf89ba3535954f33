package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func page() http.Handler {
	return handler(fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html><title>the page</title>" + strings.Repeat(" ", 400))},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/index-ab1.js": {Data: []byte(strings.Repeat("console.log(1);", 200))},
	})
}

func ask(t *testing.T, h http.Handler, method, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestPathsAndCaching(t *testing.T) {
	h := page()
	for _, test := range []struct {
		path, contentType, cache string
		status                   int
	}{
		{"/", "text/html", "no-cache", 200},
		{"/login", "text/html", "no-cache", 200},
		{"/rooms/plaza/room-7.v2", "text/html", "no-cache", 200},
		{"/favicon.svg", "image/svg+xml", "no-cache", 200},
		{"/assets/index-ab1.js", "text/javascript", "public, max-age=31536000, immutable", 200},
		{"/assets/index-old.js", "text/plain", "no-store", 404},
		{"/assets/../favicon.svg", "image/svg+xml", "no-cache", 200},
		{"/../../etc/passwd", "text/html", "no-cache", 200},
	} {
		resp := ask(t, h, "GET", test.path)
		if resp.StatusCode != test.status || !strings.HasPrefix(resp.Header.Get("Content-Type"), test.contentType) ||
			resp.Header.Get("Cache-Control") != test.cache {
			t.Errorf("%s: %d %s, cache %q; want %d %s, cache %q", test.path, resp.StatusCode, resp.Header.Get("Content-Type"),
				resp.Header.Get("Cache-Control"), test.status, test.contentType, test.cache)
		}
	}
}

func TestEveryAnswerHasThePolicy(t *testing.T) {
	for _, path := range []string{"/", "/assets/index-ab1.js", "/assets/none.js"} {
		header := ask(t, page(), "GET", path).Header
		csp := header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "script-src 'self';") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: content policy %q", path, csp)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: types may be guessed", path)
		}
	}
}

func TestGzipAndRevalidation(t *testing.T) {
	h := page()
	resp := ask(t, h, "GET", "/assets/index-ab1.js", "Accept-Encoding", "gzip, br")
	if resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("not compressed for a reader that takes gzip")
	}
	zipped, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(zipped)
	if err != nil || string(body) != strings.Repeat("console.log(1);", 200) {
		t.Fatalf("unpacked to %d bytes: %v", len(body), err)
	}
	if plain := ask(t, h, "GET", "/assets/index-ab1.js"); plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") == resp.Header.Get("ETag") {
		t.Error("the plain and the compressed form must differ in encoding and ETag")
	}
	if again := ask(t, h, "GET", "/assets/index-ab1.js", "Accept-Encoding", "gzip", "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("a known ETag was answered with %d", again.StatusCode)
	}
}

func TestOtherMethods(t *testing.T) {
	if resp := ask(t, page(), "POST", "/greenroom.v1.JoinService/Join"); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST was answered with %d", resp.StatusCode)
	}
	resp := ask(t, page(), "HEAD", "/")
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || len(body) != 0 || resp.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d with %d bytes", resp.StatusCode, len(body))
	}
}

// The page of this very build, whatever its tags, loads only what it has.
func TestThisBuild(t *testing.T) {
	h := Handler()
	resp := ask(t, h, "GET", "/")
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("GET /: %d %v", resp.StatusCode, err)
	}
	html := string(body)
	for _, part := range strings.Split(html, `"`) {
		if !strings.HasPrefix(part, "/") || strings.HasPrefix(part, "//") || strings.ContainsAny(part, " <>") {
			continue
		}
		if asked := ask(t, h, "GET", part); asked.StatusCode != 200 || strings.HasPrefix(asked.Header.Get("Content-Type"), "text/html") {
			t.Errorf("the page loads %s, which is answered with %d %s", part, asked.StatusCode, asked.Header.Get("Content-Type"))
		}
	}
	for _, inline := range []string{"<style", "style=", "onload=", "<script>"} {
		if strings.Contains(html, inline) {
			t.Errorf("the page has %q, which its own policy forbids", inline)
		}
	}
}
