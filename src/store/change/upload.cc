#include "store/change/upload.h"

#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "async/offload.h"
#include "base/release_memory.h"
#include "message/digest/digest.h"
#include "message/mime/analyzer.h"
#include "store/format/codec.h"
#include "store/format/record.h"
#include "store/store_state.h"
#include "text/ascii.h"

namespace posthorn::store {
namespace {

constexpr std::size_t kPieceSize = 256 << 10;
/// A MIME part that begins at least this far into the body starts a new piece, so that an
/// attachment that is sent twice is stored once.
constexpr std::size_t kOwnPieceFrom = 64 << 10;
/// A header block is kept in memory and in one record.
constexpr std::size_t kMaxHeader = 8 << 20;
/// Input is taken in parts of this size, so that the start of a MIME part is found before its
/// octets are cut into pieces.
constexpr std::size_t kSpan = 16 << 10;
/// While all uploads together keep more than this in memory, each of them is cut into small pieces,
/// so that thousands of clients that have begun to send a message cannot fill the memory.
constexpr std::size_t kMostKept = 64 << 20;
constexpr std::size_t kSmallPiece = 32 << 10;

struct FreeDigest {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};

}  // namespace

/// Announces a commit to the engine, until it is given or abandoned.
class ExpectedCommit {
 public:
  explicit ExpectedCommit(engine::Engine& engine) : engine_(&engine) { engine.expect_commit(1); }
  ~ExpectedCommit() { end(); }
  ExpectedCommit(const ExpectedCommit&) = delete;
  ExpectedCommit& operator=(const ExpectedCommit&) = delete;
  void end() {
    if (engine_ != nullptr) std::exchange(engine_, nullptr)->expect_commit(-1);
  }

 private:
  engine::Engine* engine_;
};

/// What an upload keeps in memory, as a part of what all uploads keep.
class KeptOctets {
 public:
  explicit KeptOctets(std::shared_ptr<std::atomic<std::size_t>> all) : all_(std::move(all)) {}
  ~KeptOctets() { set(0); }
  KeptOctets(const KeptOctets&) = delete;
  KeptOctets& operator=(const KeptOctets&) = delete;
  void set(std::size_t octets) {
    *all_ += octets - own_;  // Wraps around if it is less now, as unsigned numbers do.
    own_ = octets;
  }
  [[nodiscard]] bool are_too_many() const { return *all_ > kMostKept; }

 private:
  const std::shared_ptr<std::atomic<std::size_t>> all_;
  std::size_t own_ = 0;
};

/// The pieces of a complete message. Those that were not written ahead are in memory until they are
/// committed, and so is a body without pieces.
std::shared_ptr<const std::vector<engine::PieceHold>> keep(
    std::vector<engine::PieceHold> holds, const BodyList& body,
    std::shared_ptr<std::atomic<std::size_t>> all) {
  struct Kept {
    Kept(std::vector<engine::PieceHold> h, std::shared_ptr<std::atomic<std::size_t>> all)
        : holds(std::move(h)), octets(std::move(all)) {}
    const std::vector<engine::PieceHold> holds;
    KeptOctets octets;
  };
  std::size_t octets = body.inside.size();
  for (const engine::PieceHold& hold : holds) octets += hold.bytes.size();
  auto kept = std::make_shared<Kept>(std::move(holds), std::move(all));
  kept->octets.set(octets);
  return {kept, &kept->holds};
}

/// The body of the message with the piece names of one sharing scope.
struct Upload::Named {
  BodyList body;
  std::shared_ptr<const std::vector<engine::PieceHold>> holds;
};

struct Upload::State {
  Store& store;
  AccountId account;
  message::Analyzer analyzer{};
  std::unique_ptr<EVP_MD_CTX, FreeDigest> sha{EVP_MD_CTX_new()};
  std::uint64_t size = 0;
  bool split = false;  ///< The header block is complete; the rest is body.
  std::string header;
  std::string piece;           ///< Body octets that are not in a piece yet.
  std::uint64_t piece_at = 0;  ///< Offset of `piece` in the message.
  BodyList body;
  std::vector<engine::PieceHold> holds;
  bool header_8bit = false;
  std::uint64_t named_octets = 0;           ///< Of the piece that was named last.
  std::string key;                          ///< Names the pieces; empty until it is needed.
  std::optional<Error> failed;              ///< Why complete() failed.
  std::shared_ptr<const EmailRecord> base;  ///< Without prefix and body; made by complete().
  std::map<std::string, Named> named;       ///< Maps keys to the names made with them.
  ExpectedCommit expected;
  KeptOctets kept;

  State(Store& s, const AccountId& a)
      : store(s), account(a), expected(s.engine()), kept(s.state().upload_octets) {
    EVP_DigestInit_ex(sha.get(), EVP_sha256(), nullptr);
  }

  /// Requires: `key` is set.
  [[nodiscard]] engine::PieceHold make_piece(std::string_view bytes) {
    engine::PieceHold hold = name_piece(key, bytes);
    body.pieces.push_back({hold.name, static_cast<std::uint32_t>(bytes.size())});
    return hold;
  }

  [[nodiscard]] engine::PieceHold name_piece(std::string_view with, std::string_view bytes) {
    named_octets = bytes.size();
    engine::PieceHold hold;
    const std::string name = keyed_hash(with, bytes);
    std::ranges::copy(name, reinterpret_cast<char*>(hold.name.bytes.data()));
    hold.stamp = store.clock().now().seconds;
    hold.bytes = seal_page(bytes);
    return hold;
  }

  /// Puts a short body into the body column if the engine asks for that. Returns whether it did.
  [[nodiscard]] bool put_inside() {
    const std::size_t most = store.engine().small_body_octets();
    if (most == 0 || !body.pieces.empty() || piece.size() > kSpan * 4 || kept.are_too_many())
      return false;
    std::string sealed = seal_page(piece);
    if (sealed.size() > most) return false;
    body.inside = std::move(sealed);
    body.inside_size = static_cast<std::uint32_t>(piece.size());
    return true;
  }

  /// Returns the number of octets of `piece` for the next piece; 0 if more data should be awaited.
  [[nodiscard]] std::size_t ready() const {
    const std::uint64_t part = analyzer.leaf_body_start();
    const std::uint64_t end = piece_at + piece.size();
    if (part > piece_at && part < end && end - part >= kOwnPieceFrom) return part - piece_at;
    const std::size_t enough = kept.are_too_many() ? kSmallPiece : kPieceSize;
    return piece.size() >= enough ? std::min(piece.size(), kPieceSize) : 0;
  }

  /// Removes what has become a piece.
  void drop(std::size_t octets) {
    if (kept.are_too_many()) {
      piece = piece.substr(octets);
    } else {
      piece.erase(0, octets);
    }
    kept.set(piece.capacity());
    piece_at += octets;
  }

  void append_to_piece(std::string_view span) {
    const std::size_t needed = piece.size() + span.size();
    if (needed > piece.capacity()) {
      // A string that grows doubles its buffer, also if it is told to reserve less.
      std::string larger;
      larger.reserve(std::min(std::max(needed, 2 * piece.capacity()), kPieceSize + kSpan));
      larger = piece;
      piece.swap(larger);
    }
    piece.append(span);
    kept.set(piece.capacity());
  }

  async::Task<Status> need_key() {
    if (!key.empty()) co_return Status{};
    auto found = co_await store.piece_key(account);
    if (!found) co_return pass(found);
    key = std::move(*found);
    co_return Status{};
  }

  /// Takes in a part of the input. Errors: too_big.
  Status take(std::string_view span) {
    analyzer.feed(span);
    EVP_DigestUpdate(sha.get(), span.data(), span.size());
    size += span.size();
    if (split) {
      append_to_piece(span);
      return {};
    }
    header.append(span);
    if (analyzer.header_complete()) {
      split_header(analyzer.header_size());
    } else if (header.size() > kMaxHeader) {
      return fail(ErrorKind::too_big, "The message's header is larger than 8 MiB");
    }
    return {};
  }

  void split_header(std::uint64_t at) {
    split = true;
    piece_at = at;
    piece = header.substr(at);
    header.resize(at);
  }
};

Upload::Upload(Store& store, const AccountId& account)
    : state_(std::make_unique<State>(store, account)) {}
Upload::~Upload() = default;
Upload::Upload(Upload&&) noexcept = default;

std::uint64_t Upload::size() const { return state_->size; }
bool Upload::has_8bit_header() const { return state_->header_8bit; }

async::Task<Status> Upload::write_ahead(engine::PieceHold& hold, const AccountId& holder) {
  Store& store = state_->store;
  const std::uint64_t octets = state_->named_octets;
  if (Status may = co_await may_discard_more(store, holder, octets); !may) co_return may;
  Status written =
      co_await async::offload(store.offload(), [&] { return store.engine().hold(hold, holder); });
  if (!written) co_return written;
  store.state().discarded.written_ahead(holder, store.clock().now().seconds, octets);
  release_memory(hold.bytes);
  co_return written;
}

async::Task<Status> Upload::feed(std::string_view octets) {
  State& s = *state_;
  while (!octets.empty()) {
    const std::string_view span = octets.substr(0, kSpan);
    octets.remove_prefix(span.size());
    if (Status taken = s.take(span); !taken) co_return taken;
    while (const std::size_t n = s.ready()) {
      if (Status ok = co_await s.need_key(); !ok) co_return ok;
      engine::PieceHold hold = s.make_piece(std::string_view(s.piece).substr(0, n));
      if (Status ok = co_await write_ahead(hold, s.account); !ok) co_return ok;
      s.holds.push_back(std::move(hold));
      s.drop(n);
    }
  }
  co_return Status{};
}

async::Task<Status> Upload::complete() {
  State& s = *state_;
  if (s.base) co_return Status{};
  // Part of the state is used up.
  if (s.failed) co_return std::unexpected(*s.failed);
  if (Status ok = co_await s.need_key(); !ok) co_return ok;
  const std::uint64_t kept = s.header.size() + s.piece.size();
  if (Status may = co_await may_discard_more(s.store, s.account, kept); !may) co_return may;
  message::Analysis analysis = s.analyzer.finish();
  // Without a blank line, everything is header; only now may the analyzer have found its end.
  if (!s.split) s.split_header(std::min<std::uint64_t>(analysis.header_size, s.header.size()));
  s.header_8bit = std::ranges::any_of(s.header, [](char c) { return (c & 0x80) != 0; });
  if (!s.piece.empty() && !s.put_inside()) {
    engine::PieceHold last = s.make_piece(s.piece);
    // Usually the last piece is part of the commit. Of a command that appends thousands of
    // messages, that would be too much.
    if (s.kept.are_too_many()) {
      if (Status ok = co_await write_ahead(last, s.account); !ok) {
        s.failed = ok.error();
        co_return ok;
      }
    }
    s.holds.push_back(std::move(last));
  }
  release_memory(s.piece);
  s.kept.set(0);
  s.body.sha256.resize(32);
  EVP_DigestFinal_ex(s.sha.get(), reinterpret_cast<unsigned char*>(s.body.sha256.data()), nullptr);
  message::Digest digest = message::make_digest(analysis);
  auto holds = keep(std::move(s.holds), s.body, s.store.state().upload_octets);
  s.named[s.key] = {std::move(s.body), std::move(holds)};
  s.base = std::make_shared<const EmailRecord>(
      EmailRecord{std::move(digest.keys), std::move(digest.structure), std::move(s.header), {}});
  s.expected.end();
  co_return Status{};
}

/// Stores the same bytes under another name. Pieces written ahead are read from the engine and
/// written back to it.
async::Task<Result<engine::PieceHold>> Upload::rename(const engine::PieceHold& from,
                                                      std::string_view key,
                                                      const AccountId& recipient) {
  Store& store = state_->store;
  const bool ahead = from.bytes.empty();
  std::string sealed = from.bytes;
  if (ahead) {
    auto read = co_await store.engine().read_piece(from.name);
    if (!read) co_return pass(read);
    sealed = std::move(*read);
  }
  auto bytes = unseal_page(sealed);
  if (!bytes) co_return pass(bytes);
  engine::PieceHold hold = state_->name_piece(key, *bytes);
  if (ahead) {
    if (Status ok = co_await write_ahead(hold, recipient); !ok) co_return pass(ok);
  }
  co_return hold;
}

async::Task<Result<const Upload::Named*>> Upload::named_for(const AccountId& recipient) {
  State& s = *state_;
  auto key = co_await s.store.piece_key(recipient);
  if (!key) co_return pass(key);
  if (const auto it = s.named.find(*key); it != s.named.end()) co_return &it->second;
  const Named& own = s.named.at(s.key);
  Named other{own.body, nullptr};
  std::vector<engine::PieceHold> holds;
  for (std::size_t i = 0; i < own.holds->size(); ++i) {
    auto hold = co_await rename((*own.holds)[i], *key, recipient);
    if (!hold) co_return pass(hold);
    other.body.pieces[i].name = hold->name;
    holds.push_back(std::move(*hold));
  }
  other.holds = keep(std::move(holds), other.body, s.store.state().upload_octets);
  co_return &(s.named[*key] = std::move(other));
}

async::Task<Result<NewEmail>> Upload::finish(std::string_view prefix) {
  co_return co_await finish(prefix, state_->account);
}

async::Task<Result<NewEmail>> Upload::finish(std::string_view prefix, const AccountId& account) {
  const AccountId recipient = account;
  State& s = *state_;
  if (Status ok = co_await complete(); !ok) co_return pass(ok);
  auto named = co_await named_for(recipient);
  if (!named) co_return pass(named);
  auto record = std::make_shared<EmailRecord>(*s.base);
  record->header.insert(0, prefix);
  if (!text::is_ascii(prefix)) message::mark_8bit_header(record->keys);
  BodyList body = (*named)->body;
  body.prefix_size = static_cast<std::uint32_t>(prefix.size());
  record->body = encode_body_list(body);
  NewEmail email;
  email.size = s.size + prefix.size();
  email.holds = (*named)->holds;
  email.record = std::move(record);
  co_return email;
}

}  // namespace posthorn::store
