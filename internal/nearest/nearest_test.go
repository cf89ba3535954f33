package nearest

import "testing"

func TestDidYouMean(t *testing.T) {
	known := []string{"max_servers", "min_servers", "Europe/Berlin"}
	for given, want := range map[string]string{
		"maxServers": " (did you mean max_servers?)", "min_server": " (did you mean min_servers?)",
		"europe/berln": " (did you mean Europe/Berlin?)", "colour": "", "": "",
	} {
		if got := DidYouMean(given, known); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}
