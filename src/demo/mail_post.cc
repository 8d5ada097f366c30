#include "demo/mail_post.h"

#include <fmt/format.h>

#include "demo/mail_encode.h"

namespace posthorn::demo::demo {

namespace {

constexpr std::int64_t kToday = 1795168800;  // 2026-11-20 10:00 UTC.

bool is_plain(std::string_view s) {
  return std::ranges::all_of(s, [](char c) { return static_cast<unsigned char>(c) < 128; });
}

/// RFC 5322 §3.4 with RFC 2047 where the name needs it.
std::string mailbox_of(const Person& person) {
  if (person.name.empty()) return person.address;
  if (!is_plain(person.name))
    return fmt::format("{} <{}>", encoded_words(person.name), person.address);
  const bool quote = person.name.find_first_of(",.()@:;\"") != std::string::npos;
  return fmt::format(fmt::runtime(quote ? "\"{}\" <{}>" : "{} <{}>"), person.name, person.address);
}

std::string mailboxes_of(const std::vector<Person>& people) {
  std::string out;
  for (const Person& p : people) {
    if (!out.empty()) out += ",\r\n ";
    out += mailbox_of(p);
  }
  return out;
}

/// RFC 2231 §4 for names beyond ASCII.
std::string file_name(std::string_view parameter, std::string_view name) {
  if (is_plain(name)) return fmt::format("{}=\"{}\"", parameter, name);
  std::string out = fmt::format("{}*=UTF-8''", parameter);
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = u < 128 && (std::isalnum(u) != 0 || c == '.' || c == '-' || c == '_');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", u);
  }
  return out;
}

}  // namespace

const Person& maren() {
  static const Person p{"Maren Holt", "maren@example.org"};
  return p;
}
const Person& idris() {
  static const Person p{"Idris Bello", "idris@bello.example"};
  return p;
}
const Person& jonas() {
  static const Person p{"Jonas Holt", "jonas.holt@example.net"};
  return p;
}
const Person& mother() {
  static const Person p{"Ragnhild Holt", "ragnhild@holt.example"};
  return p;
}
const Person& grandfather() {
  static const Person p{"Øyvind Holt", "oeyvind@holt.example"};
  return p;
}
const Person& ines() {
  static const Person p{"Inês Carvalho", "ines@skerrypoint.example"};
  return p;
}
const Person& callum() {
  static const Person p{"Callum Reid", "callum@skerrypoint.example"};
  return p;
}
const Person& priya() {
  static const Person p{"Dr. Priya Raman", "priya.raman@museum.example"};
  return p;
}

Part text_part(std::string_view text, std::string_view subtype) {
  if (is_plain(text))
    return {fmt::format("Content-Type: text/{}; charset=us-ascii\r\n", subtype), std::string(text)};
  return {fmt::format("Content-Type: text/{}; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n",
                      subtype),
          quoted_printable(text)};
}

Part attachment(std::string_view type, std::string_view name, std::string_view bytes) {
  return {fmt::format("Content-Type: {};\r\n {}\r\nContent-Disposition: attachment;\r\n {};\r\n"
                      " size={}\r\nContent-Transfer-Encoding: base64\r\n",
                      type, file_name("name", name), file_name("filename", name), bytes.size()),
          base64_lines(bytes)};
}

Part inline_image(std::string_view cid, std::string_view bytes) {
  return {
      fmt::format("Content-Type: image/png\r\nContent-ID: <{}>\r\nContent-Disposition: inline\r\n"
                  "Content-Transfer-Encoding: base64\r\n",
                  cid),
      base64_lines(bytes)};
}

Part multipart(std::string_view subtype, std::string_view boundary, std::span<const Part> parts,
               std::string_view parameters) {
  Part out{fmt::format("Content-Type: multipart/{}; boundary=\"{}\"{}\r\n", subtype, boundary,
                       parameters),
           {}};
  for (const Part& part : parts)
    out.body += fmt::format("--{}\r\n{}\r\n{}\r\n", boundary, part.fields, part.body);
  out.body += fmt::format("--{}--\r\n", boundary);
  return out;
}

Part message_part(std::string_view octets) {
  return {"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n", std::string(octets)};
}

FlagList seen(std::uint8_t more, std::vector<std::string> keywords) {
  return {static_cast<SystemFlags>(bit(SystemFlag::seen) | more), std::move(keywords)};
}

FlagList unseen(std::uint8_t more, std::vector<std::string> keywords) {
  return {more, std::move(keywords)};
}

void Post::days_ago(int days) {
  now_ =
      kToday - std::int64_t{days} * 86400 - 3 * 3600 + static_cast<std::int64_t>(chance(8 * 3600));
}

void Post::later(int low, int high) {
  now_ +=
      60 * (low + static_cast<std::int64_t>(chance(static_cast<std::uint64_t>(high - low + 1)))) +
      static_cast<std::int64_t>(chance(60));
}

std::string Post::write(const Letter& letter) {
  const std::string domain = letter.from.address.substr(letter.from.address.find('@') + 1);
  last_id_ = next_message_id(domain);
  std::string out =
      fmt::format("From: {}\r\nTo: {}\r\n", mailbox_of(letter.from), mailboxes_of(letter.to));
  if (!letter.cc.empty()) out += fmt::format("Cc: {}\r\n", mailboxes_of(letter.cc));
  out += fmt::format("Subject: {}\r\nDate: {}\r\nMessage-ID: {}\r\n", encoded_words(letter.subject),
                     mail_date(now_, kZone), last_id_);
  if (!letter.references.empty()) {
    const std::size_t last = letter.references.rfind('<');
    out += fmt::format("In-Reply-To: {}\r\nReferences: {}\r\n", letter.references.substr(last),
                       letter.references);
  }
  out += letter.fields;
  out += "MIME-Version: 1.0\r\n" + letter.content.fields + "\r\n" + letter.content.body;
  return out;
}

std::string Post::file(std::string_view mailbox, const FlagList& flags, const Letter& letter) {
  std::string octets = write(letter);
  std::string id = last_id_;
  if (letter.from.address != maren().address) {
    const std::string domain = letter.from.address.substr(letter.from.address.find('@') + 1);
    octets = fmt::format(
        "Return-Path: <{}>\r\nReceived: from mail.{} by mx.example.org with ESMTPS;\r\n"
        "\t{}\r\n{}",
        letter.from.address, domain, mail_date(now_ + 2, 0), octets);
  }
  file_octets(mailbox, flags, std::move(octets));
  return id;
}

void Post::file_octets(std::string_view mailbox, const FlagList& flags, std::string octets) {
  sink_({std::string(mailbox), flags, {now_ + 3, kZone}, std::move(octets)});
}

std::uint64_t Post::chance(std::uint64_t below) {
  // splitmix64: small, and the same everywhere.
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return (z ^ z >> 31) % below;
}

std::string Post::boundary() { return fmt::format("=_part_{:x}_{}", chance(1ULL << 40), ++made_); }

std::string Post::next_message_id(std::string_view domain) {
  return fmt::format("<{:x}.{}@{}>", chance(1ULL << 48), ++made_, domain);
}

}  // namespace posthorn::demo::demo
