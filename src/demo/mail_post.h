#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "demo/mail.h"

namespace posthorn::demo::demo {

struct Person {
  std::string name;  ///< UTF-8.
  std::string address;
};

/// The one whose account this is, and those who write often.
const Person& maren();
const Person& idris();
const Person& jonas();
const Person& mother();
const Person& grandfather();
const Person& ines();
const Person& callum();
const Person& priya();

/// A MIME part: its Content-* fields, each with CRLF, and its body.
struct Part {
  std::string fields;
  std::string body;
};

/// Text in UTF-8, 7bit when it can be, else quoted-printable. `text` has CRLF line ends.
Part text_part(std::string_view text, std::string_view subtype = "plain");
/// base64, with a file name that is encoded by RFC 2231 where it has to be.
Part attachment(std::string_view type, std::string_view name, std::string_view bytes);
/// An image that `cid:` refers to.
Part inline_image(std::string_view cid, std::string_view bytes);
Part multipart(std::string_view subtype, std::string_view boundary, std::span<const Part> parts,
               std::string_view parameters = "");
/// message/rfc822.
Part message_part(std::string_view octets);

/// A message before it is written out.
struct Letter {
  Person from;
  std::vector<Person> to = {maren()};
  std::vector<Person> cc = {};
  std::string subject;  ///< UTF-8; encoded as needed.
  Part content;
  std::string references = {};  ///< Message-IDs of the thread so far; the last is replied to.
  std::string fields = {};      ///< More header fields, each with CRLF.
};

FlagList seen(std::uint8_t more = 0, std::vector<std::string> keywords = {});
FlagList unseen(std::uint8_t more = 0, std::vector<std::string> keywords = {});

/// Hands out time, numbers and chance, writes messages and passes them on.
class Post {
 public:
  using Sink = std::function<void(const DemoMessage&)>;
  Post(std::uint64_t seed, const Sink& sink) : state_(seed), sink_(sink) {}

  /// Sets the clock of what follows: days before the demonstration's today (20 November 2026).
  void days_ago(int days);
  /// Moves the clock on by between `low` and `high` minutes.
  void later(int low, int high);
  /// Writes the letter at the clock's time and files it. Returns its Message-ID with brackets.
  std::string file(std::string_view mailbox, const FlagList& flags, const Letter& letter);
  /// The same without filing, for forwards.
  std::string write(const Letter& letter);
  /// Files octets made elsewhere.
  void file_octets(std::string_view mailbox, const FlagList& flags, std::string octets);

  /// 0 to below - 1.
  std::uint64_t chance(std::uint64_t below);
  template <class Range>
  const auto& one_of(const Range& range) {
    return range[chance(std::size(range))];
  }
  std::string boundary();
  std::string next_message_id(std::string_view domain);
  [[nodiscard]] std::int64_t now() const { return now_; }
  /// Minutes east of UTC that Maren's own mail is written in.
  static constexpr int kZone = 60;

 private:
  std::uint64_t state_;
  const Sink& sink_;
  std::int64_t now_ = 0;
  std::uint64_t made_ = 0;
  std::string last_id_;
};

// One theme a file.
void home_mail(Post& post);
void work_mail(Post& post);
void list_mail(Post& post);
void machine_mail(Post& post);
void world_mail(Post& post);
void odd_mail(Post& post);

}  // namespace posthorn::demo::demo
