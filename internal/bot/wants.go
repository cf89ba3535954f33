package bot

import (
	"errors"
	"fmt"
)

// wants gathers what is wrong with a configuration.
type wants []error

// need notes what is wrong unless ok.
func (w *wants) need(ok bool, format string, args ...any) {
	if !ok {
		*w = append(*w, fmt.Errorf(format, args...))
	}
}

// missing is all that is wrong; nil: nothing.
func (w *wants) missing() error { return errors.Join(*w...) }
