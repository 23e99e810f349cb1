/* Runs one scenario of the interoperability tests with the official C client (libnats).
 *
 * Usage: interop_c SCENARIO URL [key=value]...
 * It prints "ok NAME" or "FAIL NAME: why" for each check; interop_test.py knows the names that
 * must appear. The contract is described in ../README.md. Written against libnats 3.4, which is
 * what Debian 12 has. Memory is left to the end of the process: a run is one scenario.
 */
#define _GNU_SOURCE 1 /* strcasestr */
#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { patience_ms = 10000, max_arguments = 16, error_text_size = 4096 };

static bool failed = false;
static char why[error_text_size];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static const char* keys[max_arguments];
static int key_count = 0;

/* Says why a check failed; its value is always false, so that a check can return it. */
#define WRONG(...) (snprintf(why, sizeof why, __VA_ARGS__), false)
/* Leaves the check when a call into the library fails. */
#define CALL(expression)                                                \
  do {                                                                  \
    natsStatus status_ = (expression);                                  \
    if (status_ != NATS_OK)                                             \
      return WRONG("%s: %s", #expression, natsStatus_GetText(status_)); \
  } while (0)

static void report(const char* name, bool held) {
  if (held) {
    printf("ok %s\n", name);
  } else {
    failed = true;
    printf("FAIL %s: %s\n", name, why);
  }
  fflush(stdout);
}

static const char* key_value(const char* name) {
  size_t size = strlen(name);
  for (int index = 0; index < key_count; ++index) {
    if (strncmp(keys[index], name, size) == 0 && keys[index][size] == '=') {
      return keys[index] + size + 1;
    }
  }
  return NULL;
}

/* Waits until the counter reaches the target; the counter is changed under the lock. */
static bool wait_for_count(const int* counter, int target) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += patience_ms / 1000;
  pthread_mutex_lock(&lock);
  int result = 0;
  while (*counter < target && result == 0) {
    result = pthread_cond_timedwait(&changed, &lock, &end);
  }
  bool reached = *counter >= target;
  if (!reached)
    snprintf(why, sizeof why, "counted %d of %d", *counter, target);
  pthread_mutex_unlock(&lock);
  return reached;
}

static void count_one(int* counter) {
  pthread_mutex_lock(&lock);
  ++*counter;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static natsStatus sign_nonce(char** text, unsigned char** signature, int* length, const char* nonce,
                             void* closure) {
  (void)text;
  return nats_Sign((const char*)closure, nonce, signature, length);
}

static bool make_options(natsOptions** options, const char* url) {
  CALL(natsOptions_Create(options));
  CALL(natsOptions_SetURL(*options, url));
  CALL(natsOptions_SetName(*options, "interop_c"));
  CALL(natsOptions_SetTimeout(*options, 5000));
  CALL(natsOptions_SetAllowReconnect(*options, false));
  if (key_value("user") != NULL) {
    CALL(natsOptions_SetUserInfo(*options, key_value("user"), key_value("pass")));
  }
  if (key_value("token") != NULL)
    CALL(natsOptions_SetToken(*options, key_value("token")));
  if (key_value("seed") != NULL) {
    CALL(natsOptions_SetNKey(*options, key_value("nkey"), sign_nonce, (void*)key_value("seed")));
  }
  if (key_value("ca") != NULL) {
    CALL(natsOptions_SetSecure(*options, true));
    CALL(natsOptions_LoadCATrustedCertificates(*options, key_value("ca")));
    CALL(natsOptions_SetExpectedHostname(*options, "localhost"));
  }
  if (key_value("cert") != NULL) {
    CALL(natsOptions_LoadCertificatesChain(*options, key_value("cert"), key_value("key")));
  }
  return true;
}

static bool message_is(natsMsg* message, const char* subject, const char* data) {
  bool same = strcmp(natsMsg_GetSubject(message), subject) == 0 &&
              natsMsg_GetDataLength(message) == (int)strlen(data) &&
              memcmp(natsMsg_GetData(message), data, strlen(data)) == 0;
  if (!same) {
    return WRONG("got '%.*s' on '%s'", natsMsg_GetDataLength(message), natsMsg_GetData(message),
                 natsMsg_GetSubject(message));
  }
  return true;
}

static bool round_trip(natsConnection* nc, const char* subject) {
  natsSubscription* sub = NULL;
  natsMsg* message = NULL;
  CALL(natsConnection_SubscribeSync(&sub, nc, subject));
  CALL(natsConnection_PublishString(nc, subject, "there and back"));
  CALL(natsSubscription_NextMsg(&message, sub, patience_ms));
  bool same = message_is(message, subject, "there and back");
  natsMsg_Destroy(message);
  natsSubscription_Destroy(sub);
  return same;
}

static bool check_connect(natsConnection* nc) {
  char id[256];
  int64_t rtt = 0;
  CALL(natsConnection_GetConnectedServerId(nc, id, sizeof id));
  CALL(natsConnection_HasHeaderSupport(nc));
  CALL(natsConnection_GetRTT(nc, &rtt));
  if (natsConnection_GetMaxPayload(nc) != 1048576) {
    return WRONG("max_payload %lld", (long long)natsConnection_GetMaxPayload(nc));
  }
  return round_trip(nc, "plain.subject");
}

static bool expect_subjects(natsSubscription* sub, const char* const* subjects, int count) {
  natsMsg* message = NULL;
  for (int index = 0; index < count; ++index) {
    CALL(natsSubscription_NextMsg(&message, sub, patience_ms));
    if (!message_is(message, subjects[index], subjects[index]))
      return false;
    natsMsg_Destroy(message);
  }
  uint64_t queued = 0;
  CALL(natsSubscription_QueuedMsgs(sub, &queued));
  return queued == 0 ? true : WRONG("%d messages too many", (int)queued);
}

static bool check_wildcard(natsConnection* nc) {
  static const char* const published[] = {"w.a.x", "w.b.x", "w.b.y", "w.b.x.x",
                                          "w",     "v.a.x", "w.end"};
  static const char* const for_star[] = {"w.a.x", "w.b.x"};
  static const char* const for_rest[] = {"w.a.x", "w.b.x", "w.b.y", "w.b.x.x", "w.end"};
  natsSubscription *star = NULL, *rest = NULL;
  CALL(natsConnection_SubscribeSync(&star, nc, "w.*.x"));
  CALL(natsConnection_SubscribeSync(&rest, nc, "w.>"));
  for (size_t index = 0; index < sizeof published / sizeof *published; ++index) {
    CALL(natsConnection_PublishString(nc, published[index], published[index]));
  }
  CALL(natsConnection_FlushTimeout(nc, patience_ms));
  return expect_subjects(star, for_star, 2) && expect_subjects(rest, for_rest, 5);
}

static bool check_queue(natsConnection* nc) {
  enum { total = 300, members = 3 };
  natsSubscription *member[members], *plain = NULL;
  bool seen[total] = {false};
  for (int index = 0; index < members; ++index) {
    CALL(natsConnection_QueueSubscribeSync(&member[index], nc, "q.work", "workers"));
  }
  CALL(natsConnection_SubscribeSync(&plain, nc, "q.work"));
  for (int number = 0; number < total; ++number) {
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    CALL(natsConnection_PublishString(nc, "q.work", text));
  }
  CALL(natsConnection_FlushTimeout(nc, patience_ms));
  uint64_t queued = 0, sum = 0;
  CALL(natsSubscription_QueuedMsgs(plain, &queued));
  if (queued != total)
    return WRONG("the plain subscription got %d", (int)queued);
  for (int index = 0; index < members; ++index) {
    CALL(natsSubscription_QueuedMsgs(member[index], &queued));
    if (queued == 0)
      return WRONG("member %d got nothing", index);
    sum += queued;
    for (uint64_t left = queued; left > 0; --left) {
      natsMsg* message = NULL;
      CALL(natsSubscription_NextMsg(&message, member[index], patience_ms));
      int number = atoi(natsMsg_GetData(message));
      if (number < 0 || number >= total || seen[number])
        return WRONG("%d came twice", number);
      seen[number] = true;
      natsMsg_Destroy(message);
    }
  }
  return sum == total ? true : WRONG("the group got %d of %d", (int)sum, total);
}

static bool check_headers(natsConnection* nc) {
  natsSubscription* sub = NULL;
  natsMsg *out = NULL, *in = NULL;
  CALL(natsConnection_SubscribeSync(&sub, nc, "headers"));
  CALL(natsMsg_Create(&out, "headers", NULL, "body", 4));
  CALL(natsMsgHeader_Add(out, "Colour", "red"));
  CALL(natsMsgHeader_Add(out, "Colour", "green"));
  CALL(natsMsgHeader_Set(out, "Shape", "round one"));
  CALL(natsConnection_PublishMsg(nc, out));
  CALL(natsSubscription_NextMsg(&in, sub, patience_ms));
  const char** values = NULL;
  const char* shape = NULL;
  int count = 0;
  CALL(natsMsgHeader_Values(in, "Colour", &values, &count));
  CALL(natsMsgHeader_Get(in, "Shape", &shape));
  if (count != 2 || strcmp(values[0], "red") != 0 || strcmp(values[1], "green") != 0) {
    return WRONG("%d values of Colour", count);
  }
  if (strcmp(shape, "round one") != 0)
    return WRONG("Shape is '%s'", shape);
  return message_is(in, "headers", "body");
}

struct responder {
  int index;
  int answered;
};

static void answer_request(natsConnection* nc, natsSubscription* sub, natsMsg* message,
                           void* closure) {
  (void)sub;
  char text[64];
  snprintf(text, sizeof text, "re:%.*s", natsMsg_GetDataLength(message), natsMsg_GetData(message));
  natsConnection_PublishString(nc, natsMsg_GetReply(message), text);
  count_one(&((struct responder*)closure)->answered);
  natsMsg_Destroy(message);
}

static bool check_request_many(natsConnection* nc) {
  enum { total = 200, responders = 4 };
  static struct responder responder[responders];
  for (int index = 0; index < responders; ++index) {
    natsSubscription* sub = NULL;
    CALL(natsConnection_QueueSubscribe(&sub, nc, "service", "responders", answer_request,
                                       &responder[index]));
  }
  for (int number = 0; number < total; ++number) {
    natsMsg* answer = NULL;
    char text[16], want[24];
    snprintf(text, sizeof text, "%d", number);
    snprintf(want, sizeof want, "re:%d", number);
    CALL(natsConnection_RequestString(&answer, nc, "service", text, patience_ms));
    if (strncmp(natsMsg_GetData(answer), want, (size_t)natsMsg_GetDataLength(answer)) != 0) {
      return WRONG("request %d was answered '%s'", number, natsMsg_GetData(answer));
    }
    natsMsg_Destroy(answer);
  }
  int sum = 0;
  pthread_mutex_lock(&lock);
  for (int index = 0; index < responders; ++index) {
    if (responder[index].answered == 0)
      snprintf(why, sizeof why, "responder %d idle", index);
    if (responder[index].answered == 0)
      sum = -total;
    sum += responder[index].answered;
  }
  pthread_mutex_unlock(&lock);
  if (sum < 0)
    return false;
  return sum == total ? true : WRONG("%d answers for %d requests", sum, total);
}

static void answer_index(natsConnection* nc, natsSubscription* sub, natsMsg* message,
                         void* closure) {
  (void)sub;
  char text[32];
  snprintf(text, sizeof text, "%d", ((struct responder*)closure)->index);
  natsConnection_PublishString(nc, natsMsg_GetReply(message), text);
  natsMsg_Destroy(message);
}

static bool check_request_scatter(natsConnection* nc) {
  enum { responders = 3 };
  static struct responder responder[responders];
  bool answered[responders] = {false};
  natsSubscription *sub = NULL, *inbox_sub = NULL;
  natsInbox* inbox = NULL;
  for (int index = 0; index < responders; ++index) {
    responder[index].index = index;
    CALL(natsConnection_Subscribe(&sub, nc, "scatter", answer_index, &responder[index]));
  }
  CALL(natsInbox_Create(&inbox));
  CALL(natsConnection_SubscribeSync(&inbox_sub, nc, inbox));
  CALL(natsConnection_PublishRequestString(nc, "scatter", inbox, "?"));
  for (int index = 0; index < responders; ++index) {
    natsMsg* message = NULL;
    CALL(natsSubscription_NextMsg(&message, inbox_sub, patience_ms));
    int from = atoi(natsMsg_GetData(message));
    if (from < 0 || from >= responders || answered[from])
      return WRONG("%d came twice", from);
    answered[from] = true;
    natsMsg_Destroy(message);
  }
  return true;
}

static bool check_no_responders(natsConnection* nc) {
  natsMsg* answer = NULL;
  int64_t start = nats_Now();
  natsStatus status = natsConnection_RequestString(&answer, nc, "nobody.listens", "?", patience_ms);
  if (status != NATS_NO_RESPONDERS)
    return WRONG("got %s", natsStatus_GetText(status));
  return nats_Now() - start < patience_ms / 2 ? true : WRONG("it took too long");
}

static void on_event(natsConnection* nc, void* closure) {
  (void)nc;
  count_one(closure);
}

static void on_counted_message(natsConnection* nc, natsSubscription* sub, natsMsg* message,
                               void* closure) {
  (void)nc;
  (void)sub;
  natsMsg_Destroy(message);
  count_one(closure);
}

static bool check_drain(const char* url) {
  enum { total = 1000 };
  static int handled = 0, closed = 0;
  natsOptions* options = NULL;
  natsConnection* nc = NULL;
  natsSubscription* sub = NULL;
  if (!make_options(&options, url))
    return false;
  CALL(natsOptions_SetClosedCB(options, on_event, &closed));
  CALL(natsConnection_Connect(&nc, options));
  CALL(natsConnection_Subscribe(&sub, nc, "drain.me", on_counted_message, &handled));
  for (int number = 0; number < total; ++number) {
    CALL(natsConnection_PublishString(nc, "drain.me", "x"));
  }
  CALL(natsConnection_FlushTimeout(nc, patience_ms));
  CALL(natsConnection_DrainTimeout(nc, patience_ms));
  if (!wait_for_count(&closed, 1))
    return false;
  pthread_mutex_lock(&lock);
  int count = handled;
  pthread_mutex_unlock(&lock);
  return count == total ? true : WRONG("%d of %d messages handled", count, total);
}

static bool connect_to(natsConnection** nc, const char* url) {
  natsOptions* options = NULL;
  if (!make_options(&options, url))
    return false;
  CALL(natsConnection_Connect(nc, options));
  return true;
}

static void run_core(const char* url) {
  natsConnection* nc = NULL;
  if (!connect_to(&nc, url)) {
    report("connect", false);
    return;
  }
  report("connect", check_connect(nc));
  report("wildcard", check_wildcard(nc));
  report("queue", check_queue(nc));
  report("headers", check_headers(nc));
  report("request_many", check_request_many(nc));
  report("request_scatter", check_request_scatter(nc));
  report("no_responders", check_no_responders(nc));
  natsConnection_Close(nc);
  report("drain", check_drain(url));
}

/* Says "ready", waits until the driver has restarted the server and says so. */
static bool check_reconnect(const char* url) {
  static int reconnected = 0;
  natsOptions* options = NULL;
  natsConnection* nc = NULL;
  natsSubscription* sub = NULL;
  natsMsg* message = NULL;
  char line[16];
  if (!make_options(&options, url))
    return false;
  CALL(natsOptions_SetAllowReconnect(options, true));
  CALL(natsOptions_SetMaxReconnect(options, 10000));
  CALL(natsOptions_SetReconnectWait(options, 20));
  CALL(natsOptions_SetReconnectedCB(options, on_event, &reconnected));
  CALL(natsConnection_Connect(&nc, options));
  CALL(natsConnection_SubscribeSync(&sub, nc, "after.restart.*"));
  CALL(natsConnection_FlushTimeout(nc, patience_ms));
  printf("ready\n");
  fflush(stdout);
  if (fgets(line, sizeof line, stdin) == NULL)
    return WRONG("no word from the driver");
  if (!wait_for_count(&reconnected, 1))
    return false;
  CALL(natsConnection_PublishString(nc, "after.restart.now", "alive"));
  CALL(natsSubscription_NextMsg(&message, sub, patience_ms));
  return message_is(message, "after.restart.now", "alive");
}

static bool check_login(const char* url, const char* subject) {
  natsConnection* nc = NULL;
  return connect_to(&nc, url) && round_trip(nc, subject);
}

static bool check_refused(const char* url, bool by_login) {
  natsOptions* options = NULL;
  natsConnection* nc = NULL;
  if (!make_options(&options, url))
    return false;
  natsStatus status = natsConnection_Connect(&nc, options);
  if (status == NATS_OK)
    return WRONG("the connection was accepted");
  const char* text = nats_GetLastError(NULL);
  if (by_login && status != NATS_CONNECTION_AUTH_FAILED &&
      (text == NULL || strstr(text, "Authorization Violation") == NULL)) {
    return WRONG("refused, but with %s (%s)", natsStatus_GetText(status), text ? text : "");
  }
  return true;
}

static char permission_errors[error_text_size];
static int permission_error_count = 0;

static void on_error(natsConnection* nc, natsSubscription* sub, natsStatus status, void* closure) {
  (void)sub;
  (void)status;
  (void)closure;
  const char* text = NULL;
  natsConnection_GetLastError(nc, &text);
  pthread_mutex_lock(&lock);
  size_t used = strlen(permission_errors);
  snprintf(permission_errors + used, sizeof permission_errors - used, "%s; ", text ? text : "?");
  pthread_mutex_unlock(&lock);
  count_one(&permission_error_count);
}

static bool expect_violation(int count, const char* wanted) {
  if (!wait_for_count(&permission_error_count, count))
    return false;
  pthread_mutex_lock(&lock);
  bool found = strcasestr(permission_errors, wanted) != NULL;
  if (!found)
    snprintf(why, sizeof why, "no \"%s\" in: %.2000s", wanted, permission_errors);
  pthread_mutex_unlock(&lock);
  return found;
}

static bool denied_publish(natsConnection* nc) {
  CALL(natsConnection_PublishString(nc, "no.publish", "x"));
  CALL(natsConnection_FlushTimeout(nc, patience_ms));
  return expect_violation(1, "permissions violation for publish to \"no.publish\"");
}

static bool denied_subscribe(natsConnection* nc) {
  natsSubscription* sub = NULL;
  CALL(natsConnection_SubscribeSync(&sub, nc, "no.subscribe"));
  CALL(natsConnection_FlushTimeout(nc, patience_ms));
  return expect_violation(2, "permissions violation for subscription to \"no.subscribe\"");
}

static bool connect_with_error_handler(natsConnection** nc, const char* url) {
  natsOptions* options = NULL;
  if (!make_options(&options, url))
    return false;
  CALL(natsOptions_SetErrorHandler(options, on_error, NULL));
  CALL(natsConnection_Connect(nc, options));
  return true;
}

static void run_permissions(const char* url) {
  natsConnection* nc = NULL;
  bool connected = connect_with_error_handler(&nc, url);
  report("permission_publish", connected && denied_publish(nc));
  if (!connected)
    return;
  report("permission_subscribe", denied_subscribe(nc));
  report("permission_allowed", round_trip(nc, "ok.still"));
}

int main(int argument_count, char** arguments) {
  if (argument_count < 3 || argument_count > max_arguments) {
    fprintf(stderr, "usage: interop_c SCENARIO URL [key=value]...\n");
    return 2;
  }
  const char *scenario = arguments[1], *url = arguments[2];
  for (int index = 3; index < argument_count; ++index)
    keys[key_count++] = arguments[index];
  if (strcmp(scenario, "core") == 0) {
    run_core(url);
  } else if (strcmp(scenario, "reconnect") == 0) {
    report(scenario, check_reconnect(url));
  } else if (strcmp(scenario, "login") == 0) {
    report(scenario, check_login(url, "ok.login"));
  } else if (strcmp(scenario, "refused") == 0) {
    report(scenario, check_refused(url, true));
  } else if (strcmp(scenario, "permissions") == 0) {
    run_permissions(url);
  } else if (strcmp(scenario, "tls") == 0) {
    report(scenario, check_login(url, "ok.tls"));
  } else if (strcmp(scenario, "tls_refused") == 0) {
    report(scenario, check_refused(url, false));
  } else {
    report(scenario, WRONG("no such scenario"));
  }
  return failed ? 1 : 0;
}
