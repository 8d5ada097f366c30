#include "net/deflate.h"

#include <cassert>
#include <utility>

#include "base/release_memory.h"

namespace posthorn::net {

namespace {

// RFC 4978 §4: the peer may use the largest window, so a window of that size is kept for its data.
constexpr int kInflateWindow = -15;
// 8 KB of history, and 64 KB of memory in all while a response is being sent. Replies repeat text
// at short distances. An idle session holds none of this.
constexpr int kDeflateWindow = -13;
constexpr int kDeflateMemory = 6;
constexpr int kDeflateLevel = 5;

Bytef* octets(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

Inflater::~Inflater() {
  if (started_) inflateEnd(&stream_);
}

void Inflater::feed(std::string_view bytes) {
  assert(stream_.avail_in == 0);
  input_.assign(bytes);
  stream_.next_in = octets(input_);
  stream_.avail_in = static_cast<uInt>(input_.size());
}

Attempt Inflater::take(std::span<char> into) {
  if (!peeked_) return inflate_into(into);
  into[0] = *std::exchange(peeked_, std::nullopt);
  if (into.size() == 1) return {Step::done, 1};
  const Attempt rest = inflate_into(into.subspan(1));
  // Any result except more octets will be seen again at the next take().
  return {Step::done, rest.step == Step::done ? rest.count + 1 : 1};
}

Attempt Inflater::peek() {
  if (peeked_) return {Step::done, 1};
  char first = 0;
  const Attempt attempt = inflate_into({&first, 1});
  if (attempt.step == Step::done) peeked_ = first;
  return attempt;
}

bool Inflater::start() {
  if (inflateInit2(&stream_, kInflateWindow) != Z_OK) return false;
  started_ = true;
  if (history_.empty()) return true;
  const int result =
      inflateSetDictionary(&stream_, octets(history_), static_cast<uInt>(history_.size()));
  release_memory(history_);
  return result == Z_OK;
}

void Inflater::rest() {
  // zlib.h on data_type: 128 means "just after a block", 64 means "in the last block", and the low
  // bits count the unused bits of the last octet.
  constexpr int kBetweenBlocks = 128;
  if (!started_ || over_ || more_inside_ || stream_.avail_in > 0) return;
  if (stream_.data_type != kBetweenBlocks) return;
  uInt size = 0;
  if (inflateGetDictionary(&stream_, nullptr, &size) != Z_OK) return;
  history_.resize(size);
  if (inflateGetDictionary(&stream_, reinterpret_cast<Bytef*>(history_.data()), &size) != Z_OK)
    return;
  inflateEnd(&stream_);
  stream_ = {};
  started_ = false;
}

Attempt Inflater::inflate_into(std::span<char> into) {
  if (over_) return {*over_};
  if (stream_.avail_in == 0 && !more_inside_) return {Step::want_read};
  if (!started_ && !start()) return {Step::failed};
  stream_.next_out = reinterpret_cast<Bytef*>(into.data());
  stream_.avail_out = static_cast<uInt>(into.size());
  const int result = inflate(&stream_, Z_SYNC_FLUSH);
  more_inside_ = stream_.avail_out == 0;
  if (stream_.avail_in == 0) release_memory(input_);
  if (result == Z_STREAM_END) {
    over_ = Step::ended;
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    over_ = Step::failed;
  }
  const std::size_t count = into.size() - stream_.avail_out;
  if (count > 0) return {Step::done, count};
  return {over_.value_or(Step::want_read)};
}

Deflater::~Deflater() { rest(); }

void Deflater::begin(std::string_view bytes) {
  stream_.next_in = octets(bytes);
  stream_.avail_in = static_cast<uInt>(bytes.size());
  more_ = !bytes.empty();
}

std::optional<std::size_t> Deflater::next(std::span<char> into) {
  if (!more_) return 0;
  if (!started_) {
    if (deflateInit2(&stream_, kDeflateLevel, Z_DEFLATED, kDeflateWindow, kDeflateMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      return std::nullopt;
    }
    started_ = true;
  }
  stream_.next_out = reinterpret_cast<Bytef*>(into.data());
  stream_.avail_out = static_cast<uInt>(into.size());
  // Z_BUF_ERROR only means that the flush ended exactly when the buffer was full.
  deflate(&stream_, Z_SYNC_FLUSH);
  more_ = stream_.avail_out == 0;
  return into.size() - stream_.avail_out;
}

void Deflater::rest() {
  if (!started_) return;
  deflateEnd(&stream_);
  stream_ = {};
  started_ = false;
}

}  // namespace posthorn::net
