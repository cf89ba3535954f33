// Package keda tests Greenroom's external scaler with the client that KEDA's operator itself uses, generated from KEDA's
// own contract. It is a module of its own, so that nobody who builds Greenroom has KEDA's dependencies.
package keda
