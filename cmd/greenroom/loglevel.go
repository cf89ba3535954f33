package main

import (
	"fmt"
	"log/slog"
	"strings"
)

// logLevel is the least level that is logged.
type logLevel slog.Level

// UnmarshalText reads a level's name, and nothing else that slog would take.
func (l *logLevel) UnmarshalText(text []byte) error {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(string(text), level.String()) {
			*l = logLevel(level)
			return nil
		}
	}
	return fmt.Errorf("%q is no log level: write debug, info, warn or error", text)
}
