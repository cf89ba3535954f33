package autoscaler

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// object is what is looked at of an example's objects.
type object struct {
	Kind string
	Spec struct {
		Triggers []struct {
			Type     string
			Metadata map[string]string
		}
		Policy struct{ Webhook struct{ URL string } }
	}
}

func objects(t *testing.T, file string) (all []object) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(file, err)
		}
		all = append(all, o)
	}
}

// The examples that people copy are taken as they stand.
func TestExamplesAreTaken(t *testing.T) {
	w := newWorld(t)
	external := objects(t, "keda/scaledobject.yaml")[0].Spec.Triggers[0]
	metadata := external.Metadata
	metadata["tokenFromEnv"] = "secret" // as KEDA resolves it
	if tr, err := parseTrigger(metadata); err != nil || external.Type != "external-push" || tr.name != "rooms" || tr.number.name != "replicas" || tr.token == "" {
		t.Errorf("%+v, %v", tr, err)
	}
	api := objects(t, "keda/metrics-api.yaml")[1].Spec.Triggers[0].Metadata
	at, err := url.Parse(api["url"])
	if err != nil {
		t.Fatal(err)
	}
	if status, text := w.call(t, http.MethodGet, at.Path, "", bearer("secret")); status != http.StatusOK || !strings.Contains(text, `"`+api["valueLocation"]+`":7`) {
		t.Errorf("%s: %d %s", at.Path, status, text)
	}
	hook, err := url.Parse(objects(t, "agones/fleetautoscaler.yaml")[0].Spec.Policy.Webhook.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, set := hook.User.Password(); !set {
		t.Errorf("%s has no password", hook)
	}
	if status, text := w.call(t, http.MethodPost, hook.Path, sentByAgones, bearer("secret")); status != http.StatusOK || !strings.Contains(text, `"replicas":7`) {
		t.Errorf("%s: %d %s", hook.Path, status, text)
	}
}
