package api

import (
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"

	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
)

const (
	// MaxRequestBytes bounds one request, after decompression. A fleet with a large environment is the largest.
	MaxRequestBytes = 4 << 20
	// maxLinkBytes bounds a message of a server's stream: a copy of a session's state is up to 4 MiB.
	maxLinkBytes = 5 << 20
	// compressMinBytes is the least answer worth compressing: less goes into one packet anyway, and compressing the
	// answer of a join took more time than the join.
	compressMinBytes = 1400
)

// HTTPOptions are for connecthttp.Mount. JSON is strict: a field that the contract does not have is an error, for a
// typing mistake that is silently dropped is worse than a refusal.
func HTTPOptions() []connecthttp.Option {
	json := connectproto.NewJSONCodec()
	json.UnmarshalOptions.DiscardUnknown = false
	return []connecthttp.Option{
		connecthttp.WithCompressMinBytes(compressMinBytes),
		connecthttp.WithCodecs(connectproto.NewBinaryCodec(), json),
		connecthttp.WithConditionalOptions(func(spec connect.Spec) []connecthttp.Option {
			if isLink(spec.Procedure) {
				return []connecthttp.Option{connecthttp.WithReadMaxBytes(maxLinkBytes)}
			}
			return []connecthttp.Option{connecthttp.WithReadMaxBytes(MaxRequestBytes)}
		}),
	}
}

// isLink tells the streams of servers, which have their own tokens and rules.
func isLink(procedure string) bool {
	return strings.HasPrefix(procedure, "/"+greenroomv1connect.LinkServiceName+"/")
}
