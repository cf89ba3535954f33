package provider

import (
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// PartialError is what Observe answers beside the instances of the engines that could be asked when others could not.
type PartialError struct {
	// Fails tells whether an engine that failed has, or is to have, servers of a fleet.
	Fails func(fleet model.Fleet) bool
	Err   error
}

// Error tells what failed.
func (e *PartialError) Error() string {
	return fmt.Sprintf("not every engine could be asked: %v", e.Err)
}

// Unwrap gives the engines' errors.
func (e *PartialError) Unwrap() error { return e.Err }
