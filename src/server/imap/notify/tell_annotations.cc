#include "server/imap/notify/tell_annotations.h"

#include <memory>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "server/imap/notify/tell_others.h"
#include "wire/imap/response/format_metadata.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;

/// That too many accounts share with the user is no reason to tell of none.
bool is_usable(const Session& session, const Error& error) {
  if (error.kind == ErrorKind::limit) return true;
  log::error("imap: account {}: changes of annotations of others cannot be told: {} ({})",
             session.name, error.text, error.cause);
  return false;
}

Task<void> begin(Session& session) {
  auto others = std::make_unique<OthersTold>();
  const Status watched = co_await watch_others(session, *others);
  if (watched || is_usable(session, watched.error()))
    session.annotations_of_others = std::move(others);
}

void say(Session& session, const OthersTold& others, const AccountNews& news,
         const AccountNews::Annotated& one) {
  std::vector<std::string_view> entries;
  for (const service::MetadataEntry& entry : one.entries)
    if (!others.own_entries.has({news.account->id(), one.mailbox}, entry.name, entry.value))
      entries.push_back(entry.name);
  if (entries.empty()) return;
  auto w = session.writer();
  wi::format_metadata_changed(w, one.name, entries);
}

}  // namespace

Task<Status> tell_annotations_of_others(Session& session) {
  if (!session.enabled.metadata || session.notifications) co_return Status();
  if (!session.annotations_of_others) {
    co_await begin(session);
    co_return Status();
  }
  OthersTold& others = *session.annotations_of_others;
  const store::StatePtr own = session.account->published();
  const auto all = co_await annotations_of_others(session, others, *own);
  if (!all) {
    if (!is_usable(session, all.error())) session.annotations_of_others.reset();
    co_return Status();
  }
  for (const AccountNews& news : *all) {
    for (const AccountNews::Annotated& one : news.annotated) say(session, others, news, one);
    if (!session.connection.is_full()) continue;
    if (auto flushed = co_await session.connection.flush(); !flushed) co_return flushed;
  }
  others.own_entries.clear();
  co_return Status();
}

}  // namespace posthorn::server::imap
