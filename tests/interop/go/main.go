// Command interop_go runs one scenario of the interoperability tests with nats.go.
//
// Usage: interop_go SCENARIO URL [key=value]...
// It prints "ok NAME" or "FAIL NAME: why" for each check; interop_test.py knows the names that
// must appear. The contract is described in ../README.md.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const patience = 10 * time.Second

var failed = false

func report(name string, err error) {
	if err != nil {
		failed = true
		fmt.Printf("FAIL %s: %v\n", name, err)
		return
	}
	fmt.Printf("ok %s\n", name)
}

// loginOptions turns key=value arguments into connection options.
func loginOptions(keys map[string]string) ([]nats.Option, error) {
	options := []nats.Option{nats.Name("interop_go"), nats.Timeout(5 * time.Second)}
	if user, given := keys["user"]; given {
		options = append(options, nats.UserInfo(user, keys["pass"]))
	}
	if token, given := keys["token"]; given {
		options = append(options, nats.Token(token))
	}
	if seed, given := keys["seed"]; given {
		pair, err := nkeys.FromSeed([]byte(seed))
		if err != nil {
			return nil, err
		}
		public, err := pair.PublicKey()
		if err != nil {
			return nil, err
		}
		options = append(options, nats.Nkey(public, pair.Sign))
	}
	if ca, given := keys["ca"]; given {
		options = append(options, nats.RootCAs(ca))
	}
	if cert, given := keys["cert"]; given {
		options = append(options, nats.ClientCert(cert, keys["key"]))
	}
	if keys["first"] == "1" {
		options = append(options, nats.TLSHandshakeFirst())
	}
	return options, nil
}

// collect reads count messages or gives up.
func collect(sub *nats.Subscription, count int) ([]*nats.Msg, error) {
	var messages []*nats.Msg
	for len(messages) < count {
		message, err := sub.NextMsg(patience)
		if err != nil {
			return messages, fmt.Errorf("%d of %d messages: %w", len(messages), count, err)
		}
		messages = append(messages, message)
	}
	return messages, nil
}

func roundTrip(nc *nats.Conn, subject string) error {
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		return err
	}
	defer sub.Unsubscribe()
	if err := nc.Publish(subject, []byte("there and back")); err != nil {
		return err
	}
	messages, err := collect(sub, 1)
	if err != nil {
		return err
	}
	if string(messages[0].Data) != "there and back" || messages[0].Subject != subject {
		return fmt.Errorf("got %q on %q", messages[0].Data, messages[0].Subject)
	}
	return nil
}

func checkConnect(nc *nats.Conn) error {
	if nc.ConnectedServerVersion() == "" || nc.ConnectedServerId() == "" {
		return errors.New("no version or id in INFO")
	}
	if nc.MaxPayload() != 1048576 || !nc.HeadersSupported() {
		return fmt.Errorf("max_payload %d, headers %v", nc.MaxPayload(), nc.HeadersSupported())
	}
	if _, err := nc.RTT(); err != nil {
		return err
	}
	return roundTrip(nc, "plain.subject")
}

func checkWildcard(nc *nats.Conn) error {
	star, err := nc.SubscribeSync("w.*.x")
	if err != nil {
		return err
	}
	rest, err := nc.SubscribeSync("w.>")
	if err != nil {
		return err
	}
	for _, subject := range []string{"w.a.x", "w.b.x", "w.b.y", "w.b.x.x", "w", "v.a.x", "w.end"} {
		if err := nc.Publish(subject, []byte(subject)); err != nil {
			return err
		}
	}
	got := map[string]string{}
	for name, sub := range map[string]*nats.Subscription{"w.*.x": star, "w.>": rest} {
		count := 2
		if name == "w.>" {
			count = 5
		}
		messages, err := collect(sub, count)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, message := range messages {
			got[name] += message.Subject + " "
		}
		if pending, _, _ := sub.Pending(); pending != 0 {
			return fmt.Errorf("%s: %d messages too many", name, pending)
		}
	}
	if got["w.*.x"] != "w.a.x w.b.x " || got["w.>"] != "w.a.x w.b.x w.b.y w.b.x.x w.end " {
		return fmt.Errorf("got %v", got)
	}
	return nil
}

func checkQueue(nc *nats.Conn) error {
	const total = 300
	var counts [3]atomic.Int64
	seen := make(chan string, total*2)
	for index := range counts {
		_, err := nc.QueueSubscribe("q.work", "workers", func(message *nats.Msg) {
			counts[index].Add(1)
			seen <- string(message.Data)
		})
		if err != nil {
			return err
		}
	}
	plain, err := nc.SubscribeSync("q.work")
	if err != nil {
		return err
	}
	for number := 0; number < total; number++ {
		if err := nc.Publish("q.work", []byte(fmt.Sprint(number))); err != nil {
			return err
		}
	}
	if _, err := collect(plain, total); err != nil {
		return err
	}
	distinct := map[string]bool{}
	for number := 0; number < total; number++ {
		select {
		case data := <-seen:
			distinct[data] = true
		case <-time.After(patience):
			return fmt.Errorf("the group got %d of %d", number, total)
		}
	}
	if len(distinct) != total || len(seen) != 0 {
		return fmt.Errorf("%d distinct messages, %d too many", len(distinct), len(seen))
	}
	for index := range counts {
		if counts[index].Load() == 0 {
			return fmt.Errorf("member %d got nothing", index)
		}
	}
	return nil
}

func checkHeaders(nc *nats.Conn) error {
	sub, err := nc.SubscribeSync("headers")
	if err != nil {
		return err
	}
	message := nats.NewMsg("headers")
	message.Header.Add("Colour", "red")
	message.Header.Add("Colour", "green")
	message.Header.Set("Empty", "")
	message.Data = []byte("body")
	if err := nc.PublishMsg(message); err != nil {
		return err
	}
	messages, err := collect(sub, 1)
	if err != nil {
		return err
	}
	got := messages[0]
	values := strings.Join(got.Header.Values("Colour"), ",")
	if _, there := got.Header["Empty"]; !there || values != "red,green" || string(got.Data) != "body" {
		return fmt.Errorf("header %v, body %q", got.Header, got.Data)
	}
	return nil
}

func checkRequestMany(nc *nats.Conn) error {
	const total = 200
	var counts [4]atomic.Int64
	for index := range counts {
		_, err := nc.QueueSubscribe("service", "responders", func(message *nats.Msg) {
			counts[index].Add(1)
			message.Respond(append([]byte("re:"), message.Data...))
		})
		if err != nil {
			return err
		}
	}
	for number := 0; number < total; number++ {
		text := fmt.Sprint(number)
		answer, err := nc.Request("service", []byte(text), patience)
		if err != nil {
			return err
		}
		if string(answer.Data) != "re:"+text {
			return fmt.Errorf("request %s was answered %q", text, answer.Data)
		}
	}
	sum := int64(0)
	for index := range counts {
		if counts[index].Load() == 0 {
			return fmt.Errorf("responder %d was never chosen", index)
		}
		sum += counts[index].Load()
	}
	if sum != total {
		return fmt.Errorf("%d answers for %d requests", sum, total)
	}
	return nil
}

func checkRequestScatter(nc *nats.Conn) error {
	for index := 0; index < 3; index++ {
		answer := fmt.Sprint("responder ", index)
		_, err := nc.Subscribe("scatter", func(message *nats.Msg) {
			message.Respond([]byte(answer))
		})
		if err != nil {
			return err
		}
	}
	inbox := nats.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	if err := nc.PublishRequest("scatter", inbox, nil); err != nil {
		return err
	}
	messages, err := collect(sub, 3)
	if err != nil {
		return err
	}
	distinct := map[string]bool{}
	for _, message := range messages {
		distinct[string(message.Data)] = true
	}
	if len(distinct) != 3 {
		return fmt.Errorf("answers: %v", distinct)
	}
	return nil
}

func checkNoResponders(nc *nats.Conn) error {
	start := time.Now()
	_, err := nc.Request("nobody.listens", []byte("?"), patience)
	if !errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("got %v", err)
	}
	if time.Since(start) > patience/2 {
		return fmt.Errorf("took %v", time.Since(start))
	}
	return nil
}

func checkDrain(url string, options []nats.Option) error {
	const total = 1000
	closed := make(chan struct{})
	options = append(options, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	var handled atomic.Int64
	_, err = nc.Subscribe("drain.me", func(*nats.Msg) {
		handled.Add(1)
		runtime.Gosched()
	})
	if err != nil {
		return err
	}
	for number := 0; number < total; number++ {
		if err := nc.Publish("drain.me", []byte("x")); err != nil {
			return err
		}
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	if err := nc.Drain(); err != nil {
		return err
	}
	select {
	case <-closed:
	case <-time.After(patience):
		return errors.New("the drained connection never closed")
	}
	if handled.Load() != total {
		return fmt.Errorf("%d of %d messages handled", handled.Load(), total)
	}
	return nil
}

func runCore(url string, options []nats.Option) {
	nc, err := nats.Connect(url, options...)
	if err != nil {
		report("connect", err)
		return
	}
	defer nc.Close()
	report("connect", checkConnect(nc))
	report("wildcard", checkWildcard(nc))
	report("queue", checkQueue(nc))
	report("headers", checkHeaders(nc))
	report("request_many", checkRequestMany(nc))
	report("request_scatter", checkRequestScatter(nc))
	report("no_responders", checkNoResponders(nc))
	report("drain", checkDrain(url, options))
}

// checkReconnect says "ready", waits until the driver has restarted the server and says so.
func checkReconnect(url string, options []nats.Option) error {
	reconnected := make(chan struct{}, 16)
	options = append(options, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond),
		nats.ReconnectHandler(func(*nats.Conn) { reconnected <- struct{}{} }))
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	defer nc.Close()
	sub, err := nc.SubscribeSync("after.restart.*")
	if err != nil {
		return err
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	select {
	case <-reconnected:
	case <-time.After(patience):
		return errors.New("never reconnected")
	}
	if err := nc.Publish("after.restart.now", []byte("alive")); err != nil {
		return err
	}
	messages, err := collect(sub, 1)
	if err != nil {
		return err
	}
	if string(messages[0].Data) != "alive" {
		return fmt.Errorf("got %q", messages[0].Data)
	}
	return nil
}

func checkLogin(url string, options []nats.Option) error {
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	defer nc.Close()
	return roundTrip(nc, "ok.login")
}

func checkRefused(url string, options []nats.Option) error {
	nc, err := nats.Connect(url, options...)
	if err == nil {
		nc.Close()
		return errors.New("the connection was accepted")
	}
	if !errors.Is(err, nats.ErrAuthorization) {
		return fmt.Errorf("refused, but with: %w", err)
	}
	return nil
}

func runPermissions(url string, options []nats.Option) {
	var lock sync.Mutex
	var texts []string
	changed := make(chan struct{}, 16)
	options = append(options,
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			lock.Lock()
			texts = append(texts, strings.ToLower(err.Error()))
			lock.Unlock()
			changed <- struct{}{}
		}))
	nc, err := nats.Connect(url, options...)
	if err != nil {
		report("permission_publish", err)
		return
	}
	defer nc.Close()
	expect := func(want string) error {
		deadline := time.After(patience)
		for {
			lock.Lock()
			all := strings.Join(texts, "; ")
			lock.Unlock()
			if strings.Contains(all, want) {
				return nil
			}
			select {
			case <-changed:
			case <-deadline:
				return fmt.Errorf("no error with %q, only: %s", want, all)
			}
		}
	}
	err = nc.Publish("no.publish", []byte("x"))
	if err == nil {
		err = expect(`permissions violation for publish to "no.publish"`)
	}
	report("permission_publish", err)
	_, err = nc.SubscribeSync("no.subscribe")
	if err == nil {
		err = expect(`permissions violation for subscription to "no.subscribe"`)
	}
	report("permission_subscribe", err)
	report("permission_allowed", roundTrip(nc, "ok.still"))
}

func checkTLS(url string, options []nats.Option) error {
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	defer nc.Close()
	state, err := nc.TLSConnectionState()
	if err != nil {
		return err
	}
	if !state.HandshakeComplete {
		return errors.New("no TLS handshake was made")
	}
	return roundTrip(nc, "ok.tls")
}

func checkTLSRefused(url string, options []nats.Option) error {
	nc, err := nats.Connect(url, options...)
	if err == nil {
		nc.Close()
		return errors.New("the connection was accepted")
	}
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: interop_go SCENARIO URL [key=value]...")
		os.Exit(2)
	}
	keys := map[string]string{}
	for _, argument := range os.Args[3:] {
		name, value, _ := strings.Cut(argument, "=")
		keys[name] = value
	}
	url := os.Args[2] // several with commas for traffic
	options, err := loginOptions(keys)
	if err != nil {
		report("options", err)
		os.Exit(1)
	}
	switch os.Args[1] {
	case "core":
		runCore(url, options)
	case "reconnect":
		report("reconnect", checkReconnect(url, options))
	case "login":
		report("login", checkLogin(url, options))
	case "refused":
		report("refused", checkRefused(url, options))
	case "permissions":
		runPermissions(url, options)
	case "tls":
		report("tls", checkTLS(url, options))
	case "traffic":
		runTraffic(strings.Split(url, ","), keys, options)
	case "tls_refused":
		report("tls_refused", checkTLSRefused(url, options))
	default:
		report(os.Args[1], errors.New("no such scenario"))
	}
	if failed {
		os.Exit(1)
	}
}
