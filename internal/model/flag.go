package model

// Flag is a feature flag of a fleet, which servers ask for while they run.
type Flag struct {
	Name  string
	Value string // what those get who have it; after WithDefaults not empty
	Share PPM    // of keys
}

// DefaultFlagValue is the value of a flag that has none.
const DefaultFlagValue = "true"
