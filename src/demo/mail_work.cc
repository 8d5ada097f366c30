// The lighthouse that becomes a museum: threads, attachments, invitations, forwards.

#include <array>

#include <fmt/format.h>

#include "demo/mail_encode.h"
#include "demo/mail_post.h"

namespace posthorn::demo::demo {

namespace {

constexpr auto kAnswered = bit(SystemFlag::answered);
constexpr auto kFlagged = bit(SystemFlag::flagged);
constexpr std::string_view kFolder = "Projects/Lighthouse";

struct Topic {
  std::string_view subject;
  std::string_view opening;
};

constexpr std::array kTopics = {
    Topic{"Lantern room: who keeps the key?",
          "The lens cleaners came on Monday and nobody had the key to the lantern room. Could we "
          "agree on one place for it?"},
    Topic{
        "[urgent] Damp in the oil store",
        "There is a stain the size of a door on the north wall of the oil store. Nothing is stored "
        "there yet, and I would like it to stay so until a mason has seen it."},
    Topic{"Exhibition texts, third round",
          "Attached is the third round of the wall texts. Two are still over ninety words; the one "
          "on "
          "fog signals makes me laugh every time."},
    Topic{"Ferry timetable for the opening",
          "The ferry company offers an extra boat at ten if we promise sixty passengers."},
    Topic{"Budget: paint",
          "The red that the heritage office wants costs twice as much as the red we "
          "have. They are the same red."},
    Topic{"Volunteers for the spring", "Eleven people have signed up, three of them can climb."},
    Topic{"Fog horn test on Thursday",
          "We shall sound the horn for the first time in thirty years. Please warn your dogs."},
    Topic{"Guest book, digital or paper?", "I am for paper. Salt air is unkind to screens."}};

constexpr std::array kReplies = {
    "Agreed. I can do it on Wednesday if the tide allows.",
    "I would rather wait for what Priya says; she has seen three of these.",
    "Could somebody put a number on it? Then I can ask the board before the weekend.",
    "Done this morning. Photographs follow when I am back in the office.",
    "Two questions before we go on. First, who signs for it? Second, does anybody still have the "
    "drawings from 1911?",
    "+1",
    "Please not on the same day as the school class, they are forty-two and very loud."};

std::string quoted_lines(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find("\r\n", at), text.size());
    out += "> " + std::string(text.substr(at, end - at)) + "\r\n";
    at = end + 2;
  }
  return out;
}

void threads(Post& post) {
  const std::array<const Person*, 3> people = {&ines(), &callum(), &priya()};
  int day = 110;
  for (const Topic& topic : kTopics) {
    post.days_ago(day -= 12);
    std::string last = wrapped(topic.opening);
    std::string thread = post.file(kFolder, seen(kAnswered),
                                   {.from = *post.one_of(people),
                                    .to = {maren(), callum()},
                                    .cc = {ines(), priya()},
                                    .subject = std::string(topic.subject),
                                    .content = text_part(last)});
    const std::uint64_t turns = 4 + post.chance(5);
    for (std::uint64_t i = 0; i < turns; ++i) {
      post.later(20, 1500);
      const bool own = post.chance(4) == 0;
      const Person& from = own ? maren() : *post.one_of(people);
      const std::string text = wrapped(post.one_of(kReplies));
      const std::string body =
          text + "\r\n" + quoted_lines(last) + "\r\n-- \r\n" + from.name + "\r\n";
      const bool unread = !own && day < 20 && i + 2 > turns;
      thread += "\r\n " + post.file(own ? "Sent" : kFolder, unread ? unseen() : seen(),
                                    {.from = from,
                                     .to = {maren(), callum(), ines()},
                                     .subject = "Re: " + std::string(topic.subject),
                                     .content = text_part(body),
                                     .references = thread});
      last = text;
    }
  }
}

void documents(Post& post) {
  post.days_ago(52);
  const std::string csv =
      "month,visitors,school classes\r\nJuly,412,0\r\nAugust,530,1\r\n"
      "September,198,6\r\n";
  post.file(
      kFolder, seen(kFlagged, {"$Forwarded"}),
      {.from = callum(),
       .subject = "Figures, plan and photographs",
       .content = multipart(
           "mixed", post.boundary(),
           std::array{text_part("All in one message, as the board likes it.\r\n\r\nCallum\r\n"),
                      attachment("text/csv; charset=utf-8", "visitors.csv", csv),
                      attachment("application/pdf", "floor plan.pdf", pdf("Ground floor, 1:50")),
                      attachment("application/zip", "photos.zip",
                                 zip("north-wall.png", png(40, 0xC04030))),
                      attachment("image/png", "laterna – østsiden.png", png(48, 0xE0C060))})});
}

/// RFC 6047: an invitation as one more alternative.
void invitation(Post& post, int days, std::string_view method, std::string_view summary) {
  post.days_ago(days);
  const std::string calendar = fmt::format(
      "BEGIN:VCALENDAR\r\nPRODID:-//Skerry Point//Diary//EN\r\nVERSION:2.0\r\nMETHOD:{0}\r\n"
      "BEGIN:VEVENT\r\nUID:{1}@skerrypoint.example\r\nDTSTAMP:20261101T090000Z\r\n"
      "DTSTART:20261203T130000Z\r\nDTEND:20261203T143000Z\r\nSUMMARY:{2}\r\nLOCATION:Oil store\r\n"
      "ORGANIZER:mailto:{3}\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{4}\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\n",
      method, post.chance(1000000), summary, ines().address, maren().address);
  post.file(
      "INBOX", method == "REQUEST" ? unseen(kFlagged) : seen(),
      {.from = ines(),
       .subject = fmt::format("{}: {}", method == "REQUEST" ? "Invitation" : "Cancelled", summary),
       .content = multipart(
           "alternative", post.boundary(),
           std::array{
               text_part(fmt::format("{}\r\n3 December, 13:00 UTC, oil store.\r\n", summary)),
               Part{
                   fmt::format("Content-Type: text/calendar; charset=utf-8; method={}\r\n", method),
                   calendar}})});
}

void forwards(Post& post) {
  post.days_ago(17);
  const std::string inner = post.write(
      {.from = {"Harald Sund", "keeper@example.com"},
       .to = {callum()},
       .subject = "My father's log books",
       .content = text_part(wrapped("I have found the log books of 1934 to 1951 in the attic. "
                                    "They mention your lighthouse on every page, mostly to "
                                    "say that it was raining."))});
  post.later(30, 60);
  const std::string middle = post.write(
      {.from = callum(),
       .to = {ines()},
       .subject = "Fwd: My father's log books",
       .content = multipart("mixed", post.boundary(),
                            std::array{text_part("For the archive?\r\n"), message_part(inner)})});
  post.later(30, 60);
  post.file(
      kFolder, unseen(kFlagged),
      {.from = ines(),
       .subject = "Fwd: Fwd: My father's log books",
       .content = multipart("mixed", post.boundary(),
                            std::array{text_part("Yes please! Maren, can you fetch them?\r\n"),
                                       message_part(middle)})});
  post.days_ago(16);
  post.file(
      "INBOX", seen(),
      {.from = priya(),
       .subject = "Three letters for you",
       .content = multipart(
           "mixed", post.boundary(),
           std::array{text_part("As a digest, the way we did it in the old days.\r\n"),
                      multipart("digest", post.boundary(),
                                std::array{Part{"", inner}, Part{"", inner}, Part{"", middle}})})});
}

/// Scans of a log book: about 5 MB as sent.
void large(Post& post) {
  post.days_ago(12);
  std::string scan = "%SCAN\n";
  scan.reserve(3'700'000);
  while (scan.size() < 3'690'000) {
    const std::uint64_t r = post.chance(1ULL << 62);
    for (int i = 0; i < 7; ++i) scan += static_cast<char>(r >> (8 * i) & 255);
  }
  post.file(kFolder, seen(0, {"$Large"}),
            {.from = {"Harald Sund", "keeper@example.com"},
             .subject = "Scan of the log book, 1934 (large!)",
             .content = multipart(
                 "mixed", post.boundary(),
                 std::array{text_part("The first forty pages. Sorry for your mailbox.\r\n"),
                            attachment("application/octet-stream", "logbook-1934.scan", scan)})});
}

void archive(Post& post) {
  constexpr std::array kWhat = {"Minutes", "Invoice", "Inspection report", "Weather log"};
  for (int i = 0; i < 36; ++i) {
    post.days_ago(900 - i * 20);
    const std::string what = post.one_of(kWhat);
    const std::string line = fmt::format("{} {} of {}", what, i + 1, 2024 + i / 16);
    const bool has_paper = post.chance(2) == 0;
    const Part text =
        text_part(fmt::format("{} attached or below.\r\n\r\nNothing unusual.\r\n", what));
    post.file(
        "Archive",
        seen(0,
             what == "Invoice" ? std::vector<std::string>{"invoice"} : std::vector<std::string>{}),
        {.from = post.chance(2) == 0 ? ines() : callum(),
         .subject = line,
         .content = has_paper ? multipart("mixed", post.boundary(),
                                          std::array{text, attachment("application/pdf",
                                                                      line + ".pdf", pdf(line))})
                              : text});
  }
}

}  // namespace

void work_mail(Post& post) {
  threads(post);
  documents(post);
  invitation(post, 19, "REQUEST", "Opening day: who does what");
  invitation(post, 15, "CANCEL", "Walk round the foundations");
  forwards(post);
  large(post);
  archive(post);
}

}  // namespace posthorn::demo::demo
