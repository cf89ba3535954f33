package app

import (
	"context"
	"net/http"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// streamPaths answers the HTTP paths of the streams of the contract and of KEDA's scaler: what goes on until one side ends it.
func streamPaths() map[string]bool {
	paths := map[string]bool{}
	of := func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if m := service.Methods().Get(j); m.IsStreamingServer() || m.IsStreamingClient() {
					paths["/"+string(service.FullName())+"/"+string(m.Name())] = true
				}
			}
		}
		return true
	}
	protoregistry.GlobalFiles.RangeFilesByPackage("greenroom.v1", of)
	protoregistry.GlobalFiles.RangeFilesByPackage("externalscaler", of)
	return paths
}

// endStreams ends every stream when life does, so that a stop waits only for calls that end by themselves.
func endStreams(life context.Context, next http.Handler) http.Handler {
	streams := streamPaths()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if streams[r.URL.Path] {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(life, cancel)()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}
