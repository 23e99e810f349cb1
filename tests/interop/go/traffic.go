package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	trafficInterval = 10 * time.Millisecond
	askPatience     = 500 * time.Millisecond
)

// trafficLog prints one event per line; callbacks of several goroutines use it.
type trafficLog struct {
	mutex sync.Mutex
	out   *bufio.Writer
}

func (l *trafficLog) line(format string, values ...any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	fmt.Fprintf(l.out, format+"\n", values...)
	l.out.Flush()
}

// publishTraffic sends numbered messages until stop is closed: each to traffic.NAME, every fifth
// to job.NAME as well, every tenth as a request to one of the peers in turn.
func publishTraffic(nc *nats.Conn, name, user string, peers []string, log *trafficLog,
	stop <-chan struct{}) {
	ticker := time.NewTicker(trafficInterval)
	defer ticker.Stop()
	for number := 1; ; number++ {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		text := fmt.Sprintf("%s %d %s", name, number, user)
		if !nc.IsConnected() {
			continue // a message kept for later would arrive out of its time
		}
		nc.Publish("traffic."+name, []byte(text))
		if number%5 == 0 {
			nc.Publish("job."+name, []byte(text))
		}
		if number%10 == 0 {
			go func(peer string) {
				answer, err := nc.Request("ask."+peer, []byte(text), askPatience)
				if err != nil {
					log.line("t %s %v", peer, err)
					return
				}
				log.line("r %s|%s|%s", peer, text, answer.Data)
			}(peers[number/10%len(peers)])
		}
	}
}

// runTraffic takes part in the mixed cluster test until standard input ends; see ../README.md.
func runTraffic(urls []string, keys map[string]string, options []nats.Option) {
	name, user := keys["name"], keys["user"]
	log := &trafficLog{out: bufio.NewWriter(os.Stdout)}
	connected := func(nc *nats.Conn) { log.line("c %s", nc.ConnectedServerName()) }
	options = append(options, nats.DontRandomize(), nats.MaxReconnects(-1),
		nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1),
		nats.ReconnectHandler(connected),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { log.line("d") }))
	nc, err := nats.Connect(strings.Join(urls, ","), options...)
	if err != nil {
		report("traffic", err)
		return
	}
	nc.Subscribe("traffic.>", func(m *nats.Msg) { log.line("m %s|%s", m.Subject, m.Data) })
	nc.QueueSubscribe("job.>", "crew", func(m *nats.Msg) { log.line("j %s|%s", m.Subject, m.Data) })
	nc.Subscribe("ask."+name, func(m *nats.Msg) {
		m.Respond([]byte(name + " heard " + string(m.Data)))
	})
	if err := nc.Flush(); err != nil {
		report("traffic", err)
		return
	}
	connected(nc)
	stop := make(chan struct{})
	go publishTraffic(nc, name, user, strings.Split(keys["peers"], ","), log, stop)
	bufio.NewReader(os.Stdin).ReadString('\n')
	close(stop)
	nc.Close()
}
