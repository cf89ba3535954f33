package autoscaler

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
)

// review is Agones' FleetAutoscaleReview, of which Greenroom reads little: which servers there are it knows better.
type review struct {
	Request  *reviewRequest  `json:"request,omitempty"`
	Response *reviewResponse `json:"response,omitempty"`
}

type reviewRequest struct {
	UID       string          `json:"uid"`
	Name      string          `json:"name"`      // of the Fleet in Kubernetes
	Namespace string          `json:"namespace"` // likewise
	Status    json.RawMessage `json:"status,omitempty"`
}

type reviewResponse struct {
	UID      string `json:"uid"`
	Scale    bool   `json:"scale"`
	Replicas int32  `json:"replicas"`
}

// What is wrong with a review. Errors wrap them with the place.
var (
	errBadReview = errors.New("want a FleetAutoscaleReview, as a FleetAutoscaler with a Webhook policy sends it")
	errTooLarge  = fmt.Errorf("the request is larger than %d KiB", maxBytes>>10)
)

// serveReview answers a FleetAutoscaler with the number of servers that Greenroom wants of the fleet in the address,
// and of those that leave it, which Agones counts, too. While
// that is not known it answers that nothing is to be scaled: Agones leaves the fleet as it is.
func (a *Autoscaler) serveReview(w http.ResponseWriter, r *http.Request) {
	if !a.admitHTTP(w, r) {
		return
	}
	asked, err := readReview(r.Body)
	if err != nil {
		a.refuse(w, err)
		return
	}
	s, err := a.fleet(r.PathValue("fleet"))
	if err != nil && !errors.Is(err, errNotYet) {
		a.refuse(w, err)
		return
	}
	answer := reviewResponse{UID: asked.UID}
	if err == nil && s.fleet.Planned {
		answer.Scale, answer.Replicas = true, int32(min(replicas(s.fleet), math.MaxInt32))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review{Response: &answer})
}

// readReview reads the request of a review. Fields that Greenroom does not know are skipped: Agones adds some in time.
func readReview(body io.Reader) (*reviewRequest, error) {
	text, err := io.ReadAll(io.LimitReader(body, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("the request broke off: %w", errors.Join(err, errBadReview))
	}
	if len(text) > maxBytes {
		return nil, errTooLarge
	}
	var asked review
	if err := json.Unmarshal(text, &asked); err != nil {
		return nil, fmt.Errorf("%w: %s", errBadReview, strings.TrimPrefix(err.Error(), "json: "))
	}
	switch {
	case asked.Request == nil:
		return nil, fmt.Errorf("%w: there is no request in it", errBadReview)
	case asked.Request.UID == "":
		return nil, fmt.Errorf("%w: request.uid is empty", errBadReview)
	}
	return asked.Request, nil
}
