package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// usageError is a mistake in what the person wrote: the command line or a file.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// missingError says that something named by the person does not exist.
type missingError string

func (e missingError) Error() string { return string(e) }

// notReadyError says that what was checked is not ready.
type notReadyError string

func (e notReadyError) Error() string { return string(e) }

// exitCode answers what the process ends with for err.
func exitCode(err error) int {
	var usage usageError
	var missing missingError
	var remote *connect.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &missing):
		return exitRefused
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, new(notReadyError)):
		return exitNotReady
	case !errors.As(err, &remote):
		return exitFailed
	}
	switch remote.Code() {
	case connect.CodeUnavailable, connect.CodeResourceExhausted, connect.CodeDeadlineExceeded:
		return exitRetry
	case connect.CodeInvalidArgument:
		return exitUsage
	case connect.CodeInternal, connect.CodeUnknown:
		return exitFailed
	default:
		return exitRefused
	}
}

// interrupted says how far a command came that was interrupted, where it knows.
func interrupted(err error) string {
	said := strings.TrimSuffix(strings.TrimSuffix(sentence(err), context.Canceled.Error()), ": ")
	if said == "" {
		return "interrupted before it was done"
	}
	return "interrupted: " + said
}

// sentence says err to a person: the API's own sentence and its details, not the transport's words.
func sentence(err error) string {
	var remote *connect.Error
	if !errors.As(err, &remote) {
		return err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) && remote.Message() == "" {
		return "the control plane did not answer in time"
	}
	var b strings.Builder
	if i := strings.Index(err.Error(), remote.Error()); i > 0 {
		b.WriteString(err.Error()[:i]) // what was attempted
	}
	b.WriteString(remote.Message())
	if remote.Message() == "" {
		b.WriteString(remote.Code().String())
	}
	for _, detail := range remote.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			continue
		}
		switch d := message.(type) {
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				if strings.Contains(remote.Message(), v.GetDescription()) {
					continue // the sentence says it already
				}
				fmt.Fprintf(&b, "\n  %s: %s", v.GetField(), v.GetDescription())
			}
		case *errdetails.RetryInfo:
			fmt.Fprintf(&b, " (try again in %s)", d.GetRetryDelay().AsDuration())
		}
	}
	return b.String()
}
