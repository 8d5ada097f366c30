#include "store/read/unreadable.h"

#include "store/upkeep/damage_log.h"

namespace posthorn::store {

void Unreadable::add(Uid uid, const Error& error) {
  uids.add(uid.value);
  if (!why || (is_damage(error.kind) && !is_damage(why->kind))) why = error;
}

void Unreadable::merge(const Unreadable& more) {
  uids = uids.unite(more.uids);
  if (!why || (more.why && is_damage(more.why->kind) && !is_damage(why->kind))) why = more.why;
}

Error judge_unreadable(const Mailbox* now, Uid uid, Error error) {
  if (error.kind != ErrorKind::not_found || now == nullptr || !now->contents) return error;
  if (!now->contents->members().position_of(uid)) return error;
  return {ErrorKind::corrupt, "a part of the message is missing from the store", error.text};
}

Error describe(const Unreadable& unreadable) {
  const std::uint64_t count = unreadable.uids.count();
  return {unreadable.why ? unreadable.why->kind : ErrorKind::corrupt,
          fmt::format("{} message{} cannot be read, {}", count, count == 1 ? "" : "s",
                      describe_uids(unreadable.uids)),
          unreadable.why ? unreadable.why->cause : ""};
}

}  // namespace posthorn::store
