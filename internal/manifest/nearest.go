package manifest

import "greenroom.dev/greenroom/internal/nearest"

// DidYouMean gives " (did you mean x?)" for the known name nearest to the given one; "" when none is near.
func DidYouMean(given string, known []string) string { return nearest.DidYouMean(given, known) }
