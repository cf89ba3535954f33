//go:build !ui

package console

import (
	"embed"
	"io/fs"
)

//go:embed noui
var noui embed.FS

func files() fs.FS {
	root, err := fs.Sub(noui, "noui")
	if err != nil {
		panic(err) // "noui" is a valid path
	}
	return root
}
