package api

import "connectrpc.com/connect/v2"

// errNotYet answers for what the contract has and this version does not.
var errNotYet = connect.Errorf(connect.CodeUnimplemented, "this version of Greenroom cannot do that yet")
