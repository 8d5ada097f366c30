#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/stream.h"
#include "wire/imap/response/response_parser.h"

namespace posthorn::bench {

/// Commands with long answers, over the connection of a client that is at rest. The load generator
/// shares the machine with the server it measures: no more is done for a response than to find its
/// end.
class AnswerReader {
 public:
  using Look = std::function<void(std::string_view response)>;

  /// `stream` must outlive it.
  explicit AnswerReader(net::Stream& stream);
  /// `look` sees each untagged response without its line end. Errors: those of net::Stream; closed;
  /// too_big; io when the server does not say OK.
  async::Task<Status> command(std::string text, Look look);

 private:
  async::Task<Status> read_more();

  net::Stream& stream_;
  wire::imap::ResponseReceiver receiver_;
  std::string buffer_;  ///< [begin_, end_) is what was received and not used yet.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// "* n FETCH (...": looks at no more than its beginning.
bool is_fetch(std::string_view response);

}  // namespace posthorn::bench
