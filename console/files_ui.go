//go:build ui

package console

import (
	"embed"
	"io/fs"
)

// dist is the built page: `make` builds it before a binary with the ui tag, and such a build fails without it.
//
//go:embed all:dist
var dist embed.FS

func files() fs.FS {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path
	}
	return root
}
