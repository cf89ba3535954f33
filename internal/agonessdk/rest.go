package agonessdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"connectrpc.com/connect/v2"
	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	agones "greenroom.dev/greenroom/gen/agones/dev/sdk"
)

// routeREST serves the SDK as Agones' own gateway does: snake_case JSON with every field present, 64-bit numbers as
// strings, errors as {"code":2,"message":…,"details":[]}.
func routeREST(mux *http.ServeMux, h handler) {
	routes := map[string]struct {
		method string
		serve  http.HandlerFunc
	}{
		"/ready":               {http.MethodPost, unary(h.Ready)},
		"/allocate":            {http.MethodPost, unary(h.Allocate)},
		"/shutdown":            {http.MethodPost, unary(h.Shutdown)},
		"/reserve":             {http.MethodPost, unary(h.Reserve)},
		"/health":              {http.MethodPost, h.restHealth},
		"/metadata/label":      {http.MethodPut, unary(h.SetLabel)},
		"/metadata/annotation": {http.MethodPut, unary(h.SetAnnotation)},
		"/gameserver":          {http.MethodGet, unary(h.GetGameServer)},
		"/watch/gameserver":    {http.MethodGet, h.restWatch},
	}
	for path, route := range routes {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != route.method {
				refuse(w, http.StatusNotImplemented, connect.CodeUnimplemented, "Method Not Allowed")
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxMessageBytes)
			route.serve(w, r)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, connect.CodeNotFound, "Not Found")
	})
}

// unary serves one call. No body is an empty message.
func unary[Q any, A proto.Message, PQ interface {
	*Q
	proto.Message
}](call func(context.Context, PQ) (A, error),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := PQ(new(Q))
		body, err := io.ReadAll(r.Body)
		if err == nil && len(bytes.TrimSpace(body)) > 0 {
			err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, request)
		}
		if err != nil {
			refuse(w, http.StatusBadRequest, connect.CodeInvalidArgument, err.Error())
			return
		}
		answer, err := call(r.Context(), request)
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(toJSON(answer))
	}
}

// restHealth takes signs of life: one JSON value each, at least one.
func (h handler) restHealth(w http.ResponseWriter, r *http.Request) {
	for n, signs := 0, json.NewDecoder(r.Body); ; n++ {
		var sign struct{}
		err := signs.Decode(&sign)
		if errors.Is(err, io.EOF) && n > 0 {
			break
		}
		if err != nil {
			refuse(w, http.StatusBadRequest, connect.CodeInvalidArgument, err.Error())
			return
		}
		if err := h.sdk.healthy(r.Context(), h.child); err != nil {
			fail(w, err)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

// restWatch sends a line {"result":…} a change, or such a message a change over a WebSocket.
func (h handler) restWatch(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		h.socketWatch(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	flusher := http.NewResponseController(w)
	_ = h.sdk.watch(r.Context(), h.child, func(server *agones.GameServer) error {
		if _, err := w.Write(append(result(server), '\n')); err != nil {
			return err
		}
		return flusher.Flush()
	})
}

func (h handler) socketWatch(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	defer conn.CloseNow()
	ctx := conn.CloseRead(r.Context())
	_ = h.sdk.watch(ctx, h.child, func(server *agones.GameServer) error {
		return conn.Write(ctx, websocket.MessageText, result(server))
	})
}

func result(server *agones.GameServer) []byte {
	return append(append([]byte(`{"result":`), toJSON(server)...), '}')
}

func toJSON(m proto.Message) []byte {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	var compact bytes.Buffer // protojson varies its blanks from build to build
	if err == nil {
		err = json.Compact(&compact, text)
	}
	if err != nil {
		panic("agonessdk: encode " + string(m.ProtoReflect().Descriptor().Name()) + ": " + err.Error()) // text that is not UTF-8
	}
	return compact.Bytes()
}

func fail(w http.ResponseWriter, err error) {
	message := err.Error()
	if e := new(connect.Error); errors.As(err, &e) {
		message = e.Message()
	}
	refuse(w, http.StatusInternalServerError, connect.CodeUnknown, message)
}

func refuse(w http.ResponseWriter, status int, code connect.Code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Code    uint32   `json:"code"`
		Message string   `json:"message"`
		Details []string `json:"details"`
	}{uint32(code), message, []string{}})
}
