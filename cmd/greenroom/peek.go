package main

import (
	"os"
	"strings"
)

// peekFlag finds a flag's value before the command line is parsed, since the config file it names is part of parsing.
func peekFlag(args []string, name, env string) (string, bool) {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value, true
		}
		if arg == "--"+name && i+1 < len(args) {
			return args[i+1], true
		}
		if arg == "--" {
			break
		}
	}
	value := os.Getenv(env)
	return value, value != ""
}
