package autoscaler

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveFleet answers a fleet's numbers as a JSON object; those that are not known now are null.
func (a *Autoscaler) serveFleet(w http.ResponseWriter, r *http.Request) {
	a.serveNumbers(w, r, a.fleet)
}

// serveRoute answers a route's.
func (a *Autoscaler) serveRoute(w http.ResponseWriter, r *http.Request) {
	a.serveNumbers(w, r, a.route)
}

func (a *Autoscaler) serveNumbers(w http.ResponseWriter, r *http.Request, find func(name string) (subject, error)) {
	if !a.admitHTTP(w, r) {
		return
	}
	s, err := find(r.PathValue("name"))
	if err != nil {
		a.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.json())
}

// json writes the subject's numbers in their order.
func (s *subject) json() []byte {
	out := append(make([]byte, 0, 512), `{"`+s.kind+`":`...)
	name, _ := json.Marshal(s.name) // a string always can
	out = append(out, name...)
	if s.fleet != nil && s.fleet.Planned {
		out = append(out, `,"planned_at":"`...)
		out = s.fleet.PlannedAt.UTC().AppendFormat(out, time.RFC3339Nano)
		out = append(out, '"')
	}
	for _, n := range numbers() {
		v, known := s.value(&n)
		if !known {
			continue
		}
		out = append(out, `,"`+n.name+`":`...)
		if s.missing(&n) != nil {
			out = append(out, "null"...)
		} else {
			out = strconv.AppendFloat(out, v, 'g', -1, 64)
		}
	}
	return append(out, "}\n"...)
}

// admitHTTP looks at a request's token: a bearer token, or the password of HTTP's basic authentication for those that
// can be given an address alone. It answers those that may not.
func (a *Autoscaler) admitHTTP(w http.ResponseWriter, r *http.Request) bool {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		_, secret, _ = r.BasicAuth()
	}
	err := a.authorize(r.Context(), secret)
	if err != nil {
		a.refuse(w, err)
	}
	return err == nil
}

// refuse answers an error as JSON, {"error": …}.
func (a *Autoscaler) refuse(w http.ResponseWriter, err error) {
	status, text := http.StatusInternalServerError, "something went wrong inside Greenroom; its log says what"
	switch {
	case errors.Is(err, errNoToken):
		status = http.StatusUnauthorized
		text = "no API token was given: send `Authorization: Bearer TOKEN`, or the token as the password of an address http://any:TOKEN@HOST; " +
			"`greenroom token create NAME --scope view` makes one"
	case errors.Is(err, errBadToken):
		status, text = http.StatusUnauthorized, err.Error()
	case errors.Is(err, errUnknown):
		status, text = http.StatusNotFound, err.Error()
	case errors.Is(err, errNotYet):
		status, text = http.StatusServiceUnavailable, err.Error()
		w.Header().Set("Retry-After", "1")
	case errors.Is(err, errTooLarge):
		status, text = http.StatusRequestEntityTooLarge, err.Error()
	case errors.Is(err, errBadReview):
		status, text = http.StatusBadRequest, err.Error()
	default:
		a.logged("an autoscaler could not be answered", err)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
