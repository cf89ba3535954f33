package app

import (
	"bytes"
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite"
)

// refused makes an App that cannot be made, and checks its one line and that nothing is left taken.
func refused(t *testing.T, cfg Config, words ...string) {
	t.Helper()
	a, err := New(cfg)
	if err == nil {
		a.close()
		t.Fatal("it was made")
	}
	for _, w := range append(words, "") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is more than a line", err)
	}
	lock, openErr := os.Open(filepath.Join(cfg.DataDir, lockFile))
	if openErr != nil {
		return
	}
	defer func() { _ = lock.Close() }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Errorf("the folder is still locked: %v", err)
	}
}

func TestBadAddresses(t *testing.T) {
	for listen, words := range map[string]string{
		"nowhere":         "write HOST:PORT",
		"127.0.0.1:99999": "127.0.0.1:99999",
		"192.0.2.1:0":     "192.0.2.1:0",
		"127.0.0.1:http ": "127.0.0.1:http ",
	} {
		cfg := testConfig(t)
		cfg.Listen = listen
		refused(t, cfg, "listen", words)
		if files, _ := os.ReadDir(filepath.Join(cfg.DataDir, serversFolder)); len(files) > 0 {
			t.Errorf("%s: it left %v", listen, files)
		}
	}
}

func TestBadCertificates(t *testing.T) {
	cfg := testConfig(t)
	cfg.TLSCert = filepath.Join(cfg.DataDir, "cert.pem")
	refused(t, cfg, cfg.TLSCert, "--tls-key")
	cfg.TLSKey = cfg.TLSCert
	refused(t, cfg, cfg.TLSCert, "no such file", "--tls-cert")
}

func TestBadPortRanges(t *testing.T) {
	for _, text := range []string{"", "x", "7400", "7400-", "-7400", "0-10", "9000-8000", "1-70000", "1-2-3"} {
		var p PortRange
		err := p.UnmarshalText([]byte(text))
		if text == "7400" { // one port is a range
			if err != nil || p != (PortRange{7400, 7400}) {
				t.Errorf("7400: %v, %v", p, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "such as 7400-7999") {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
	cfg := testConfig(t)
	cfg.ServerPorts = PortRange{9000, 8000}
	refused(t, cfg, "server ports", "9000-8000")
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	cfg := testConfig(t)
	cfg.Listen = taken.Addr().String()
	refused(t, cfg, cfg.Listen, "in use by another program", "--listen or GREENROOM_LISTEN")
}

func TestBadDataFolders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/greenroom"} {
		cfg := testConfig(t)
		cfg.DataDir = dir
		refused(t, cfg, dir, "--data-dir or GREENROOM_DATA_DIR")
	}
	refused(t, Config{}, "data folder")
}

func TestDataFolderInUse(t *testing.T) {
	cfg := testConfig(t)
	first := start(t, cfg)
	first.waitOpen(1)
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "in use by another Greenroom (pid") || !strings.Contains(err.Error(), first.LocalURL()) {
		t.Errorf("err: %v", err)
	}
	first.waitOpen(1) // the first one is none the worse
	if _, err := os.Stat(first.DataFile(RunningFile)); err != nil {
		t.Errorf("the second one took the first one's file away: %v", err)
	}
	first.stop()
	cfg.Demo = false
	start(t, cfg).stop()
}

func TestBadDatabases(t *testing.T) {
	spoil := map[string]func(path string) error{
		"is damaged": func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600) },
		"another program's": func(path string) error {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			_, err = db.Exec(`CREATE TABLE theirs (a)`)
			return err
		},
		"is a directory": func(path string) error { return os.Mkdir(path, 0o700) },
	}
	for words, spoil := range spoil {
		cfg := testConfig(t)
		path := filepath.Join(cfg.DataDir, databaseFile)
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		refused(t, cfg, path, words)
	}
}

func TestServersFolderIsAFile(t *testing.T) {
	cfg := testConfig(t)
	if err := os.WriteFile(filepath.Join(cfg.DataDir, serversFolder), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, cfg, filepath.Join(cfg.DataDir, serversFolder))
}

// TestSpoiltAdminToken: a token file that holds nothing of use is replaced, and what it held before is worthless.
func TestSpoiltAdminToken(t *testing.T) {
	cfg := testConfig(t)
	cfg.Demo = false
	other := cfg
	other.DataDir = t.TempDir()
	first, foreign := start(t, cfg), start(t, other)
	old, strange := first.token(), foreign.token()
	first.stop()
	for _, text := range []string{"", "garbage\x00\n", strange + "\n"} {
		if err := os.WriteFile(filepath.Join(cfg.DataDir, TokenFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a := start(t, cfg)
		var list struct{}
		a.must("SystemService/ListTokens", struct{}{}, &list)
		if err := a.call("SystemService/ListTokens", old, struct{}{}, &list); err == nil {
			t.Errorf("after %q the lost token still opens", text)
		}
		if info, err := os.Stat(a.DataFile(TokenFile)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		a.stop()
	}
	// A folder in its place cannot be replaced.
	path := filepath.Join(cfg.DataDir, TokenFile)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, cfg, path)
}
