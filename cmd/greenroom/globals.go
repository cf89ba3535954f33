package main

import (
	"os"
	"path/filepath"
)

// Globals are the flags of every command. A flag beats its environment variable, which beats the file, which beats the
// default.
type Globals struct {
	DataDir string `help:"Where Greenroom keeps what must last." env:"GREENROOM_DATA_DIR" default:"${data_dir}" type:"path" placeholder:"DIR"`
	API     string `name:"api" help:"Address of the control plane. Without it, the one that runs on --data-dir." env:"GREENROOM_API" placeholder:"URL"`
	Token   string `name:"api-token" help:"API token. Without it, the one in the data folder." env:"GREENROOM_TOKEN" placeholder:"SECRET"`
}

// defaultDataDir follows the XDG base directory specification.
func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "greenroom")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "greenroom")
	}
	return filepath.Join(home, ".local", "share", "greenroom")
}
