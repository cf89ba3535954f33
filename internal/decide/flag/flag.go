// Package flag decides which keys have a feature flag. It is pure: the same flag and key give the same answer on every server,
// in every version and in every language that follows docs/WIRE.md.
package flag

import "greenroom.dev/greenroom/internal/model"

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

// point is where a key lies for a flag, from 0 to below model.Whole: FNV-1a of the name, a zero byte and the key, through the
// finaliser of SplitMix64, and of that the upper 32 bits times a million, shifted down by 32. It is spelled out because it must
// never change: somebody would lose what they have.
func point(name, key string) model.PPM {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h *= 1099511628211 // the zero byte
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	h ^= h >> 31
	return model.PPM((h >> 32) * uint64(model.Whole) >> 32)
}
