// Package flag decides which keys have a feature flag. It is pure: the same flag and key give the same answer on every server,
// in every version and in every language that follows docs/WIRE.md.
package flag

import (
	"greenroom.dev/greenroom/internal/decide/hash"
	"greenroom.dev/greenroom/internal/model"
)

// On answers a flag's value and true for a key that has it, and "" and false for any other. A flag's share is of keys by a hash
// of its name and the key: each flag has other keys, and raising the share takes the flag from nobody.
func On(f model.Flag, key string) (value string, on bool) {
	if point(f.Name, key) >= f.Share {
		return "", false
	}
	if f.Value == "" {
		return model.DefaultFlagValue, true
	}
	return f.Value, true
}

// Find answers for the flag of a name; that of a name that no flag has is off.
func Find(flags []model.Flag, name, key string) (value string, on bool) {
	for i := range flags {
		if flags[i].Name == name {
			return On(flags[i], key)
		}
	}
	return "", false
}

// point is where a key lies for a flag, from 0 to below model.Whole: the upper 32 bits of the hash of the name and the key, times a
// million, shifted down by 32.
func point(name, key string) model.PPM {
	return model.PPM((hash.Of(name, key) >> 32) * uint64(model.Whole) >> 32)
}
