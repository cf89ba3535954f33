package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

// healthOf is the command greenroom-health: an HTTP server at an address that answers everything with what is in a file at the
// time, as a hand-run server says how it goes.
func healthOf() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: greenroom-health ADDR FILE")
		os.Exit(exitUsage)
	}
	server := &http.Server{Addr: os.Args[1], ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := os.ReadFile(os.Args[2])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	})}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(exitFailed)
}
