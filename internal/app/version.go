package app

import "runtime/debug"

// Set by the linker (Makefile).
var (
	version = ""
	commit  = ""
)

// Version answers what this program calls itself and the commit it was built from.
func Version() (string, string) {
	v, c := version, commit
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return orElse(v, "dev"), orElse(c, "unknown")
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && c == "" {
			c = s.Value[:min(len(s.Value), 12)]
		}
	}
	if v == "" && info.Main.Version != "(devel)" {
		v = info.Main.Version
	}
	return orElse(v, "dev"), orElse(c, "unknown")
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
