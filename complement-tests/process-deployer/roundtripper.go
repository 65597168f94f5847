package processes

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// roundTripper leads requests for a server's name to the address of its process.
type roundTripper struct {
	deployment *deployment
}

func (r *roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	name := request.URL.Hostname()
	transport := &http.Transport{
		DisableKeepAlives: true,
		// The authority exists for one run only, and what is tested is not the test's own trust.
		TLSClientConfig: &tls.Config{ServerName: name, InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if server, ok := r.deployment.servers[name]; ok {
				address = server.federationAddress()
			} else if name == "host.docker.internal" {
				address = net.JoinHostPort("localhost", request.URL.Port())
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	request = request.Clone(request.Context())
	request.URL.Scheme = "https"
	return transport.RoundTrip(request)
}
