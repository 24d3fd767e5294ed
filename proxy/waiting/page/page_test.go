package page

import "testing"

func TestTry(t *testing.T) {
	tpl, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	out := tpl.Append(nil, &Facts{State: "waiting", Position: 1234})
	t.Log(len(out), Missing(builtIn))
}
