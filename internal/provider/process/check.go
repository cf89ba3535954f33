package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"greenroom.dev/greenroom/internal/model"
)

// Check implements provider.Provider: everything that Start would find wrong with the spec but the state of its ports.
func (p *Process) Check(spec model.FleetSpec) error {
	s := spec.WithDefaults().Process
	if s.WorkingDir != "" {
		switch info, err := os.Stat(s.WorkingDir); {
		case err != nil:
			return fmt.Errorf("provider.process.working_dir: %w", err)
		case !info.IsDir():
			return fmt.Errorf("provider.process.working_dir: %s is not a folder", s.WorkingDir)
		}
	}
	if _, err := p.program(s); err != nil {
		return err
	}
	for name := range s.Env {
		if reserved(name) {
			return fmt.Errorf("provider.process.env[%q]: names starting with GREENROOM_ and AGONES_ are Greenroom's", name)
		}
	}
	names, numbers := map[string]bool{}, map[int]bool{}
	for i, port := range s.Ports {
		at := fmt.Sprintf("provider.process.ports[%d]", i)
		switch {
		case port.Name == "":
			return fmt.Errorf("%s.name: it is empty", at)
		case names[port.Name]:
			return fmt.Errorf("%s.name: there is another port called %q", at, port.Name)
		case port.Number != 0 && numbers[port.Number]:
			return fmt.Errorf("%s.port: %d is given twice", at, port.Number)
		}
		names[port.Name], numbers[port.Number] = true, true
	}
	return nil
}

func reserved(name string) bool {
	return strings.HasPrefix(name, "GREENROOM_") || strings.HasPrefix(name, "AGONES_")
}

// program answers the program and its arguments; the program's path is absolute.
func (p *Process) program(s *model.ProcessSpec) ([]string, error) {
	if len(s.Command) == 0 && p.cfg.Binary == "" {
		return nil, errors.New("provider.process.command: it is empty, and there is no built-in room server here")
	}
	if len(s.Command) == 0 {
		return []string{p.cfg.Binary, "room"}, nil
	}
	name := s.Command[0]
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		name = filepath.Join(s.WorkingDir, name)
	}
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		var lookUp *exec.Error
		var file *fs.PathError
		if errors.As(err, &lookUp) { // their texts say the name again
			err = lookUp.Err
		}
		if errors.As(err, &file) {
			err = file.Err
		}
		return nil, fmt.Errorf("provider.process.command[0]: %s: %w", s.Command[0], err)
	}
	return append([]string{path}, s.Command[1:]...), nil
}
