#include "server/imap/fetch_row.h"

namespace posthorn::server::imap {

namespace wi = wire::imap;

RowWriter::RowWriter(Session& session, const store::Mailbox& now)
    : session_(session),
      now_(now),
      shows_recent_(!session.enabled.rev2 && !session.selected->recent.empty()) {}

const std::vector<std::string>& RowWriter::keywords_of(std::uint32_t set) {
  if (set != known_set_) {
    known_set_ = set;
    keywords_ = set == 0 ? std::vector<std::string>{} : now_.keywords->names_of(set);
  }
  return keywords_;
}

void RowWriter::flags(wi::FetchWriter& fetch, Uid uid, const store::FlagState& flags) {
  const bool recent = shows_recent_ && session_.selected->recent.contains(uid.value);
  fetch.flags(flags.system, recent ? wi::Recent::yes : wi::Recent::no, keywords_of(flags.keywords));
}

void RowWriter::write_flags(Seqnum seqnum, Uid uid, const store::FlagState& state) {
  auto writer = session_.writer();
  wi::FetchWriter fetch(writer);
  fetch.begin(seqnum);
  if (with_uid) fetch.uid(uid);
  if (with_flags) flags(fetch, uid, state);
  if (session_.enabled.condstore) {
    fetch.modseq(state.modseq);
    session_.selected->said_modseq = true;
  }
  fetch.end();
}

}  // namespace posthorn::server::imap
