package provider_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Whatever the gateway's side and the provider start ends with the test.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
