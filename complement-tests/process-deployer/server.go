package processes

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/matrix-org/complement/config"
)

const pollEvery = 20 * time.Millisecond

// server is one process and its folder. Its address stays the same over restarts.
type server struct {
	name     string
	address  string
	folder   string
	patience time.Duration
	process  *exec.Cmd
	ended    chan struct{}
}

func newServer(name string, number int, cfg *config.Complement) (*server, error) {
	folder, err := os.MkdirTemp("", "lianqiao-"+name+"-")
	if err != nil {
		return nil, err
	}
	s := &server{name: name, address: fmt.Sprintf("127.0.1.%d", number), folder: folder, patience: cfg.SpawnHSTimeout}
	certificate, err := cfg.CACertificateBytes()
	if err != nil {
		return nil, err
	}
	key, err := cfg.CAPrivateKeyBytes()
	if err != nil {
		return nil, err
	}
	return s, errors.Join(
		os.WriteFile(filepath.Join(folder, "ca.crt"), certificate, 0o600),
		os.WriteFile(filepath.Join(folder, "ca.key"), key, 0o600),
	)
}

func (s *server) baseURL() string { return "http://" + s.address + ":8008" }

func (s *server) federationAddress() string { return s.address + ":8448" }

func (s *server) logFile() string { return filepath.Join(s.folder, "server.log") }

// start runs the process on the folder and waits for its first answer.
func (s *server) start() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = exec.Command(os.Getenv("LIANQIAO_BIN"), "serve", "--complement")
	s.process.Stdout, s.process.Stderr = log, log
	s.process.Env = append(os.Environ(),
		"SERVER_NAME="+s.name,
		"LIANQIAO_COMPLEMENT_CA_DIR="+s.folder,
		"LIANQIAO_DATA_DIR="+filepath.Join(s.folder, "data"),
		"LIANQIAO_BIND_ADDRESS="+s.address,
	)
	if err := s.process.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		_ = process.Wait()
		close(ended)
	}(s.process, s.ended)
	return s.waitUntilReady()
}

func (s *server) waitUntilReady() error {
	deadline := time.Now().Add(s.patience)
	for time.Now().Before(deadline) {
		answer, err := http.Get(s.baseURL() + "/_matrix/client/versions")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.ended:
			text, _ := os.ReadFile(s.logFile())
			return fmt.Errorf("it ended at its start:\n%s", text)
		case <-time.After(pollEvery):
		}
	}
	return errors.New("it does not answer")
}

// stop asks the process to end, and kills it when it does not.
func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(s.patience):
		s.kill()
		return errors.New("it ignored SIGTERM")
	}
}

func (s *server) pause() error { return s.process.Process.Signal(syscall.SIGSTOP) }

func (s *server) unpause() error { return s.process.Process.Signal(syscall.SIGCONT) }

func (s *server) kill() {
	if s.ended != nil {
		_ = s.process.Process.Kill()
		<-s.ended
	}
}

func (s *server) remove() { _ = os.RemoveAll(s.folder) }
