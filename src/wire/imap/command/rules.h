#pragma once

#include "wire/imap/grammar.h"

/// Grammar rules for the arguments of each command, starting at the octet after its name. The rules
/// are named as in RFC 9051 §9.
namespace posthorn::wire::imap::grammar {

bool authenticate(Input& in, AuthenticateCommand& out);
bool login(Input& in, LoginCommand& out);
bool enable(Input& in, EnableCommand& out);
bool id(Input& in, IdCommand& out);
bool compress(Input& in, CompressCommand& out);
bool getquota(Input& in, GetQuotaCommand& out);
bool setquota(Input& in, SetQuotaCommand& out);

bool select(Input& in, SelectCommand& out);
bool create(Input& in, CreateCommand& out);
bool rename(Input& in, RenameCommand& out);
bool list(Input& in, ListCommand& out);
bool lsub(Input& in, LsubCommand& out);
bool status(Input& in, StatusCommand& out);
/// Reads up to the header of the first message, where the text ends.
bool append(Input& in, AppendCommand& out);

bool search(Input& in, SearchCommand& out);
bool sort(Input& in, SortCommand& out);
bool thread(Input& in, ThreadCommand& out);
bool fetch(Input& in, FetchCommand& out);
bool store(Input& in, StoreCommand& out);

/// `section`, including its brackets.
bool section(Input& in, Section& out);
/// The state of reading one search program. `charset` is empty for the default.
struct SearchContext {
  std::string charset;
  std::size_t keys = 0;  ///< The number of keys read so far.
  bool uses_modseq = false;
};
bool search_key(Input& in, SearchContext& context, std::size_t depth, message::SearchKey& out);
/// search-key *(SP search-key)
bool search_keys(Input& in, SearchContext& context, message::SearchKey& out);

}  // namespace posthorn::wire::imap::grammar
