package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"

	"greenroom.dev/greenroom/internal/manifest"
)

// configFile answers flags from a YAML file whose keys are the flags' names. It is stricter than Kong's own loaders: an
// unknown key is an error that names the nearest known one, and the environment beats the file.
type configFile struct {
	path   string
	values map[string]any
}

// loadConfigFile reads path. A file that does not exist is an empty one, unless somebody named it.
func loadConfigFile(path string, named bool) (*configFile, error) {
	text, err := os.ReadFile(path)
	if !named && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
		return &configFile{path: path}, nil
	}
	if err != nil {
		return nil, usagef("read the config file: %w", err)
	}
	file := &configFile{path: path}
	if err := yaml.Unmarshal(text, &file.values); err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	return file, nil
}

// Validate tells of keys that no flag has.
func (f *configFile) Validate(app *kong.Application) error {
	var known []string
	collect := func(flags []*kong.Flag) {
		for _, flag := range flags {
			known = append(known, flag.Name)
		}
	}
	collect(app.Flags)
	for _, node := range app.Leaves(false) {
		if name := node.Name; name == "up" || name == "serve" {
			collect(node.Flags)
		}
	}
	for key := range f.values {
		if slices.Contains(known, key) {
			continue
		}
		return usagef("%s: unknown key %q%s", f.path, key, manifest.DidYouMean(key, known))
	}
	return nil
}

// Resolve answers the file's value of a flag, unless the environment has one.
func (f *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if os.Getenv(name) != "" {
			return nil, nil
		}
	}
	value, ok := f.values[flag.Name]
	if !ok {
		return nil, nil
	}
	switch v := value.(type) {
	case string, bool:
		return v, nil
	case int, int64, float64:
		return fmt.Sprint(v), nil
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = fmt.Sprint(part)
		}
		return strings.Join(parts, ","), nil
	default:
		return nil, usagef("%s: %s: a value or a list of values is expected here", f.path, flag.Name)
	}
}
