package observe

// The keys of what is logged. A new fact gets its key here, so that one fact is never logged under two names.
const (
	KeyError     = "error"
	KeyIncident  = "incident" // names one unexpected error in a reply and in the log
	KeyProcedure = "procedure"
	KeyActor     = "actor" // an API token's name
	KeyFleet     = "fleet"
	KeyRoute     = "route"
	KeyServer    = "server"
	KeySession   = "session"
	KeyPlayer    = "player"
	KeyAddress   = "address"
	KeyPath      = "path"
	KeyTook      = "took"
	KeyReason    = "reason"
	KeyStack     = "stack"

	KeyEnv     = "env"
	KeyService = "service"
	KeyVersion = "version"
	KeyTeam    = "team"
)
