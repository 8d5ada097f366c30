#include "store/upload.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "async/offload.h"
#include "message/analyzer.h"
#include "message/digest.h"
#include "store/codec.h"
#include "store/record.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

constexpr std::size_t kPieceSize = 256 << 10;
/// A part this far into its body starts a piece of its own, so that an attachment sent twice is
/// found.
constexpr std::size_t kOwnPieceFrom = 64 << 10;
/// A header block is kept in memory and in one record.
constexpr std::size_t kMaxHeader = 8 << 20;

struct FreeDigest {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};

}  // namespace

struct Upload::State {
  Store& store;
  AccountId scope;
  message::Analyzer analyzer{};
  std::unique_ptr<EVP_MD_CTX, FreeDigest> sha{EVP_MD_CTX_new()};
  std::uint64_t size = 0;
  bool split = false;  ///< The header block is complete; what follows is body.
  std::string header;
  std::string piece;           ///< Body octets not in a piece yet.
  std::uint64_t piece_at = 0;  ///< Where in the message `piece` begins.
  BodyList body;
  std::vector<engine::PieceHold> holds;
  bool header_8bit = false;
  std::shared_ptr<const EmailRecord> base;  ///< Without prefix; made by the first finish().
  std::shared_ptr<const std::vector<engine::PieceHold>> all_holds;

  State(Store& s, const AccountId& a) : store(s), scope(a) {
    EVP_DigestInit_ex(sha.get(), EVP_sha256(), nullptr);
  }

  /// Names a piece and takes it into the body.
  engine::PieceHold make_piece(std::string_view bytes) {
    engine::PieceHold hold;
    const std::string name = keyed_hash(store.state().piece_key, bytes);
    std::ranges::copy(name, reinterpret_cast<char*>(hold.name.bytes.data()));
    hold.stamp = store.clock().now().seconds;
    hold.bytes = seal_page(bytes);
    body.pieces.push_back({hold.name, static_cast<std::uint32_t>(bytes.size())});
    return hold;
  }

  /// How many octets of `piece` make the next piece; 0 while more should be waited for.
  [[nodiscard]] std::size_t ready() const {
    const std::uint64_t part = analyzer.leaf_body_start();
    const std::uint64_t end = piece_at + piece.size();
    if (part > piece_at && part < end && end - part >= kOwnPieceFrom) return part - piece_at;
    return piece.size() >= kPieceSize ? kPieceSize : 0;
  }

  void take_body(std::string_view octets) { piece.append(octets); }
};

Upload::Upload(Store& store, const AccountId& scope)
    : state_(std::make_unique<State>(store, scope)) {}
Upload::~Upload() = default;
Upload::Upload(Upload&&) noexcept = default;

std::uint64_t Upload::size() const { return state_->size; }
bool Upload::has_8bit_header() const { return state_->header_8bit; }

async::Task<Status> Upload::feed(std::string_view octets) {
  State& s = *state_;
  while (!octets.empty()) {
    // Small spans, so that a part's start is seen before its octets are cut into pieces.
    constexpr std::size_t kSpan = 16 << 10;
    const std::string_view span = octets.substr(0, kSpan);
    octets.remove_prefix(span.size());
    s.analyzer.feed(span);
    EVP_DigestUpdate(s.sha.get(), span.data(), span.size());
    s.size += span.size();
    if (s.split) {
      s.take_body(span);
    } else {
      s.header.append(span);
      if (s.analyzer.header_complete()) {
        s.split = true;
        s.piece_at = s.analyzer.header_size();
        s.take_body(std::string_view(s.header).substr(s.piece_at));
        s.header.resize(s.piece_at);
      } else if (s.header.size() > kMaxHeader) {
        co_return fail(ErrorKind::too_big, "The message's header is larger than 8 MiB");
      }
    }
    while (const std::size_t n = s.ready()) {
      engine::PieceHold hold = s.make_piece(std::string_view(s.piece).substr(0, n));
      Status written = co_await async::offload(
          s.store.offload(), [&] { return s.store.engine().hold(hold, s.scope); });
      if (!written) co_return written;
      hold.bytes.clear();
      s.holds.push_back(std::move(hold));
      s.piece.erase(0, n);
      s.piece_at += n;
    }
  }
  co_return Status{};
}

async::Task<Result<NewEmail>> Upload::finish(std::string_view prefix) {
  State& s = *state_;
  if (!s.base) {
    message::Analysis analysis = s.analyzer.finish();
    if (!s.split) {
      // Without a blank line all of it is header; the analyzer may have found the end only now.
      const auto at =
          static_cast<std::size_t>(std::min<std::uint64_t>(analysis.header_size, s.header.size()));
      s.piece = s.header.substr(at);
      s.header.resize(at);
    }
    s.header_8bit = std::ranges::any_of(s.header, [](char c) { return (c & 0x80) != 0; });
    if (!s.piece.empty()) s.holds.push_back(s.make_piece(s.piece));
    s.piece = std::string();
    s.body.sha256.resize(32);
    EVP_DigestFinal_ex(s.sha.get(), reinterpret_cast<unsigned char*>(s.body.sha256.data()),
                       nullptr);
    message::Digest digest = message::make_digest(analysis);
    s.base = std::make_shared<const EmailRecord>(
        EmailRecord{std::move(digest.keys), std::move(digest.structure), std::move(s.header),
                    encode_body_list(s.body)});
    s.all_holds = std::make_shared<const std::vector<engine::PieceHold>>(std::move(s.holds));
  }
  NewEmail email;
  email.size = s.size + prefix.size();
  email.holds = s.all_holds;
  if (prefix.empty()) {
    email.record = s.base;
  } else {
    auto record = std::make_shared<EmailRecord>(*s.base);
    record->header.insert(0, prefix);
    BodyList body = s.body;
    body.prefix_size = static_cast<std::uint32_t>(prefix.size());
    record->body = encode_body_list(body);
    email.record = std::move(record);
  }
  co_return email;
}

}  // namespace posthorn::store
