package evening_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"waitroom/bench/browser"
)

// TestThePageInEveryStateIsAccessibleAndBehaves writes the waiting page in every state
// and both languages, and has Chromium look at them: axe finds nothing at telephone and
// desktop size, light and dark, with and without script; and the script does what it
// promises, through network loss, hidden tabs and lost answers.
func TestThePageInEveryStateIsAccessibleAndBehaves(t *testing.T) {
	t.Parallel()
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, exec.Command("go", "test", "waitroom/proxy/waiting/page", "-count=1", "-vet=off", "-run", "Gallery", "-gallery", dir))
	for _, script := range []string{"axe.mjs", "page.mjs"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			look(t, script, dir)
		})
	}
}

// TestThePagesAroundIdentityAreAccessibleAndBehave does the same with those, axe with one of each form.
func TestThePagesAroundIdentityAreAccessibleAndBehave(t *testing.T) {
	t.Parallel()
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, exec.Command("go", "test", "waitroom/proxy/waiting/choice", "-count=1", "-vet=off", "-run", "Gallery", "-gallery", dir))
	forms := []string{"axe.mjs", dir}
	forms = append(forms, "identify.ko", "early.en", "invited.en", "incomplete.ko", "held.en", "taken.ko", "not_your_day.ko", "sold_out.en")
	for _, args := range [][]string{forms, {"choice.mjs", dir}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			look(t, args[0], args[1:]...)
		})
	}
}

// look runs a script of bench/browser. Axe computes and waits for nothing: the tests beside it go first.
func look(t *testing.T, script string, args ...string) {
	t.Helper()
	words := append([]string{"node", script}, args...)
	if script == "axe.mjs" {
		words = append([]string{"nice"}, words...)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = filepath.Join("..", "browser")
	run(t, cmd)
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}
