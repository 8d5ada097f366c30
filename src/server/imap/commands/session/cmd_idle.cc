#include <algorithm>
#include <chrono>
#include <random>

#include "server/imap/commands.h"
#include "server/imap/metadata_answer.h"
#include "server/imap/notify/tell_account.h"
#include "server/imap/notify/tell_annotations.h"
#include "server/imap/session.h"
#include "text/ascii.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using std::chrono::milliseconds;

/// Varied by a fifth, so that sessions that began at the same time do not all wake at the same
/// time.
milliseconds until_keepalive(const Session& session) {
  const milliseconds every = session.options->keepalive;
  if (every.count() <= 0) return session.options->idle_time;
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> spread(0, every.count() / 5);
  return every - milliseconds(spread(random));
}

/// The reply to the line that ends IDLE. A line other than DONE ends it too, with BAD.
Reply on_line(Session& session, const wi::ReceiverEvent& event) {
  // Trailing spaces are ignored, as at the end of a command.
  const std::string_view word = event.text.substr(0, event.text.find_last_not_of(' ') + 1);
  const bool done = event.kind == wi::ReceiverEvent::Kind::line && text::iequals(word, "DONE");
  session.connection.consume(event.consumed);
  return done ? Reply::ok("IDLE completed") : Reply::bad("Expected DONE");
}

/// Not a part of the frame of cmd_idle(), which sessions rest in.
[[gnu::noinline]] async::Task<Status> tell_all(Session& session) {
  auto told = co_await session.tell(service::kTellAll, wi::Numbering::seqnum);
  if (!told || session.is_over()) co_return told;
  told = co_await tell_account(session);
  if (!told) co_return told;
  tell_metadata(session);
  co_return co_await tell_annotations_of_others(session);
}

}  // namespace

// RFC 2177, RFC 9051 §6.3.13. Octets after DONE in the same packet are the next command.
CommandTask cmd_idle(Session& session, wi::IdleCommand&) {
  struct Idling {
    Selected* selected;
    explicit Idling(Selected* s) : selected(s) {
      if (selected != nullptr) selected->idling = true;
    }
    ~Idling() {
      if (selected != nullptr) selected->idling = false;
    }
  } const idling(session.selected.get());
  // Annotations of any mailbox are news too.
  std::unique_ptr<store::Account::Watch> annotations;
  if (session.told_metadata)
    annotations = session.account->watch({}, [&session] { session.connection.wake(); });
  {
    auto w = session.writer();
    wi::format_continuation(w, "Idling");
  }
  co_await session.look_for_news();
  while (true) {
    if (auto told = co_await tell_all(session); !told) co_return session.lost();
    if (session.is_over()) co_return Reply::ok();
    auto next = co_await session.connection.next(wi::Receiver::Expect::line,
                                                 until_keepalive(session), Connection::News::end);
    if (!next) co_return session.lost();
    switch (next->kind) {
      case Connection::Next::Kind::event: co_return on_line(session, next->event);
      case Connection::Next::Kind::news: break;  // Told at the start of the loop.
      case Connection::Next::Kind::late: session.bye_late(); co_return Reply::ok();
      case Connection::Next::Kind::stopping: session.bye_stopping(); co_return Reply::ok();
      case Connection::Next::Kind::timed_out:
        if (session.options->keepalive.count() <= 0) {
          session.bye(wi::CodeName::unavailable, "The session was inactive for too long");
          co_return Reply::ok();
        }
        session.say(wi::Condition::ok, {}, "Still here");
        break;
    }
  }
}

}  // namespace posthorn::server::imap
