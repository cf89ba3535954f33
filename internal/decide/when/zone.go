package when

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/nearest"
)

// zoneNames are the names of the IANA time zone database, a line each: the Go project's lib/time/zoneinfo.zip.
//
//go:embed zones.txt
var zoneNames string

func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, &Error{"time_zone", fmt.Sprintf("must be a name of the IANA database such as \"Asia/Tokyo\", not %q%s", name, suggest(name))}
	}
	return zone, nil
}

// suggest names the zone that was probably meant: one of that city, else the nearest by its letters.
func suggest(name string) string {
	known := strings.Fields(zoneNames)
	city := strings.ReplaceAll(name, " ", "_")
	for _, zone := range known {
		if i := strings.LastIndexByte(zone, '/'); i >= 0 && strings.EqualFold(zone[i+1:], city) {
			return " (did you mean " + zone + "?)"
		}
	}
	return nearest.DidYouMean(city, known)
}
