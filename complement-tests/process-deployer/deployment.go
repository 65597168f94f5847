// Package processes deploys homeservers as plain processes behind Complement's own deployment hook, for
// machines on which no container engine can start.
//
// Server N is a process of the binary LIANQIAO_BIN on the loopback address 127.0.1.N, with its data and its
// certificate authority in a temporary folder. The runner copies this package into the working copy of
// Complement; it is compiled there and nowhere else.
package processes

import (
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/matrix-org/complement"
	"github.com/matrix-org/complement/client"
	"github.com/matrix-org/complement/config"
	"github.com/matrix-org/complement/ct"
	"github.com/matrix-org/complement/helpers"
	"github.com/matrix-org/gomatrixserverlib"
	"github.com/matrix-org/gomatrixserverlib/spec"
)

const syncUntilTimeout = 5 * time.Second

// deployment is a set of servers; every call that a test makes names one of them.
type deployment struct {
	config  *config.Complement
	servers map[string]*server
	users   atomic.Int64
}

// Deploy starts this many servers, hs1 and so on, with nothing in them.
func Deploy(t ct.TestLike, numServers int, cfg *config.Complement) complement.Deployment {
	t.Helper()
	d := &deployment{config: cfg, servers: map[string]*server{}}
	for number := 1; number <= numServers; number++ {
		name := fmt.Sprintf("hs%d", number)
		started, err := newServer(name, number, cfg)
		if err == nil {
			d.servers[name] = started
			err = started.start()
		}
		if err != nil {
			d.Destroy(t)
			ct.Fatalf(t, "cannot start %s: %s", name, err)
		}
	}
	return d
}

func (d *deployment) server(t ct.TestLike, name string) *server {
	t.Helper()
	found, ok := d.servers[name]
	if !ok {
		ct.Fatalf(t, "there is no server %s in this deployment", name)
	}
	return found
}

func (d *deployment) GetFullyQualifiedHomeserverName(t ct.TestLike, hsName string) spec.ServerName {
	return spec.ServerName(d.server(t, hsName).name)
}

func (d *deployment) UnauthenticatedClient(t ct.TestLike, hsName string) *client.CSAPI {
	t.Helper()
	return client.NewCSAPI(client.CSAPIOpts{
		BaseURL:          d.server(t, hsName).baseURL(),
		Client:           client.NewLoggedClient(t, hsName, nil),
		SyncUntilTimeout: syncUntilTimeout,
		Debug:            d.config.DebugLoggingEnabled,
	})
}

func (d *deployment) Register(t ct.TestLike, hsName string, opts helpers.RegistrationOpts) *client.CSAPI {
	t.Helper()
	c := d.UnauthenticatedClient(t, hsName)
	c.Password = opts.Password
	if c.Password == "" {
		c.Password = "a password of sufficient length"
	}
	localpart := fmt.Sprintf("user-%d", d.users.Add(1))
	if opts.LocalpartSuffix != "" {
		localpart += "-" + opts.LocalpartSuffix
	}
	if opts.IsAdmin {
		c.UserID, c.AccessToken, c.DeviceID = c.RegisterSharedSecret(t, localpart, c.Password, true)
	} else {
		c.UserID, c.AccessToken, c.DeviceID = c.RegisterUser(t, localpart, c.Password)
	}
	return c
}

func (d *deployment) Login(t ct.TestLike, hsName string, existing *client.CSAPI, opts helpers.LoginOpts) *client.CSAPI {
	t.Helper()
	localpart, _, err := gomatrixserverlib.SplitID('@', existing.UserID)
	if err != nil {
		ct.Fatalf(t, "%s is no user id: %s", existing.UserID, err)
	}
	c := d.UnauthenticatedClient(t, hsName)
	c.Password = existing.Password
	if opts.Password != "" {
		c.Password = opts.Password
	}
	var more []client.LoginOpt
	if opts.DeviceID != "" {
		more = append(more, client.WithDeviceID(opts.DeviceID))
	}
	c.UserID, c.AccessToken, c.DeviceID = c.LoginUser(t, localpart, c.Password, more...)
	return c
}

func (d *deployment) AppServiceUser(t ct.TestLike, hsName, _ string) *client.CSAPI {
	ct.Fatalf(t, "application services are part of blueprints, and those need containers")
	return nil
}

func (d *deployment) Restart(t ct.TestLike) error {
	t.Helper()
	for _, each := range d.servers {
		if err := each.stop(); err != nil {
			return err
		}
		if err := each.start(); err != nil {
			return err
		}
	}
	return nil
}

func (d *deployment) StopServer(t ct.TestLike, hsName string) {
	t.Helper()
	d.must(t, "stop", hsName, (*server).stop)
}

func (d *deployment) StartServer(t ct.TestLike, hsName string) {
	t.Helper()
	d.must(t, "start", hsName, (*server).start)
}

func (d *deployment) PauseServer(t ct.TestLike, hsName string) {
	t.Helper()
	d.must(t, "pause", hsName, (*server).pause)
}

func (d *deployment) UnpauseServer(t ct.TestLike, hsName string) {
	t.Helper()
	d.must(t, "unpause", hsName, (*server).unpause)
}

func (d *deployment) must(t ct.TestLike, what, hsName string, action func(*server) error) {
	t.Helper()
	if err := action(d.server(t, hsName)); err != nil {
		ct.Fatalf(t, "cannot %s %s: %s", what, hsName, err)
	}
}

// ContainerID names the process: it is what an outsider can act on.
func (d *deployment) ContainerID(t ct.TestLike, hsName string) string {
	return fmt.Sprintf("process-%d", d.server(t, hsName).process.Process.Pid)
}

func (d *deployment) Destroy(t ct.TestLike) {
	t.Helper()
	for _, each := range d.servers {
		each.kill()
		if t.Failed() || d.config.AlwaysPrintServerLogs {
			if text, err := os.ReadFile(each.logFile()); err == nil {
				t.Logf("log of %s:\n%s", each.name, text)
			}
		}
		each.remove()
	}
}

func (d *deployment) GetConfig() *config.Complement { return d.config }

func (d *deployment) RoundTripper() http.RoundTripper { return &roundTripper{deployment: d} }

// Network is empty: processes share the loopback interface.
func (d *deployment) Network() string { return "" }
