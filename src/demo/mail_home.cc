// Family and travel.

#include <array>

#include <fmt/format.h>

#include "demo/mail_encode.h"
#include "demo/mail_post.h"

namespace posthorn::demo::demo {

namespace {

constexpr auto kAnswered = bit(SystemFlag::answered);
constexpr auto kFlagged = bit(SystemFlag::flagged);

/// A conversation in one mailbox; Maren's own turns lie in Sent.
void family_birthday(Post& post) {
  post.days_ago(41);
  std::string thread = post.file(
      "Family", seen(kAnswered | kFlagged),
      {.from = mother(),
       .to = {maren(), jonas()},
       .cc = {grandfather()},
       .subject = "Bestefar blir 90!",
       .content = text_part(wrapped(
           "Kjære begge to,\n\nden 12. desember fyller Bestefar nitti. Han sier at han ikke vil ha "
           "noe oppstyr, og det betyr at han gjerne vil ha et stort oppstyr. Jeg tenkte på "
           "naustet: vi får plass til tretti rundt bordet hvis båten legges ut i tide.\n\nMaren, "
           "tar "
           "du kaken? Jonas, tar du båten?\n\nKlem fra Mamma"))});
  struct Turn {
    const Person& from;
    std::string_view text;
  };
  const std::array turns = {
      Turn{jonas(),
           "Boat: yes. Speech: no. I did the speech at his eightieth and he corrected my dates.\n"
           "\nI can bring the long table from the workshop if somebody helps to carry."},
      Turn{maren(),
           "Cake: yes, the almond one with the little lighthouse on it. I'll drive up on the "
           "tenth with Idris.\n\nWho asks the Nilsens? They still have our benches from the "
           "confirmation."},
      Turn{grandfather(),
           "Jeg leser også e-post, skal dere vite.\n\nIngen taler over fem minutter. "
           "Og ikke rosiner i kaken.\n\nØyvind"},
      Turn{mother(),
           "Da er vi avslørt. 😄\n\nNilsens kommer, med benkene. Presten kommer også, men "
           "han har lovet å holde det kort."},
      Turn{maren(), "No raisins, five minutes, understood. ❤️"},
      Turn{jonas(), "I have it in writing now. See you all on the eleventh."}};
  for (const Turn& turn : turns) {
    post.later(30, 1400);
    const bool own = &turn.from == &maren();
    thread += "\r\n " + post.file(own ? "Sent" : "Family", seen(own ? 0 : kAnswered),
                                  {.from = turn.from,
                                   .to = {mother(), jonas(), maren()},
                                   .cc = {grandfather()},
                                   .subject = "Re: Bestefar blir 90!",
                                   .content = text_part(wrapped(turn.text)),
                                   .references = thread});
  }
}

/// multipart/related: HTML that shows an image it carries (RFC 2387).
void photo_letter(Post& post) {
  post.days_ago(24);
  const std::string related = post.boundary();
  const std::string alternative = post.boundary();
  const std::array texts = {
      text_part("Look what the storm brought up on the beach: a whole spruce, roots and all.\r\n"),
      multipart("related", related,
                std::array{text_part("<html><body><p>Look what the <b>storm</b> brought up on the "
                                     "beach: a whole spruce, roots and all.</p>\r\n"
                                     "<p><img src=\"cid:beach@holt.example\" alt=\"The beach\"></p>"
                                     "</body></html>\r\n",
                                     "html"),
                           inline_image("beach@holt.example", png(64, 0x4A7FA5))},
                ";\r\n type=\"text/html\"")};
  post.file("Family", unseen(),
            {.from = mother(),
             .subject = "Etter stormen",
             .content = multipart("alternative", alternative, texts)});
}

void small_notes(Post& post) {
  constexpr std::array kSubjects = {"Keys",          "Sunday?",        "Borrowed ladder",
                                    "The cat again", "Dentist moved",  "Train times",
                                    "Soup recipe",   "Library books",  "Fuse box",
                                    "Cinema?",       "Parcel for you", "Bike is ready"};
  constexpr std::array kTexts = {
      "They were in the other coat. Sorry for the alarm.",
      "If the weather holds we could take the early ferry and be back before dark. If it does not, "
      "I vote for pancakes.",
      "I have put it behind your shed, with a note for the neighbours so that nobody calls the "
      "coastguard this time.",
      "She brought half of a herring and laid it on the keyboard. I believe it is a compliment.",
      "Now Thursday at a quarter past eight. Could you take the bread out when the timer rings?",
      "08:12, 10:12 and 14:12. The last one stops everywhere, also where nobody lives.",
      "Two leeks, four potatoes, one onion, half a litre of stock, dill. Do not let it boil after "
      "the cream is in. Grandmother's words, not mine.",
      "Three are overdue. One of them is yours: the one on knots."};
  constexpr std::array kFolders = {"INBOX", "Family", "Family", "INBOX"};
  const std::array<const Person*, 3> people = {&idris(), &jonas(), &mother()};
  for (int i = 0; i < 34; ++i) {
    post.days_ago(170 - i * 5);
    const bool recent = i > 30;
    std::string subject = post.one_of(kSubjects);
    const bool reply = post.chance(4) == 0;
    if (reply) subject = "Re: " + subject;
    post.file(post.one_of(kFolders), recent ? unseen() : seen(reply ? kAnswered : 0),
              {.from = *post.one_of(people),
               .subject = subject,
               .content = text_part(wrapped(post.one_of(kTexts)))});
  }
}

void austria(Post& post) {
  const Person pension{"Gästehaus Almrausch", "buchung@almrausch.example"};
  post.days_ago(120);
  std::string thread = post.file(
      "Reisen/Österreich", seen(kAnswered),
      {.from = pension,
       .subject = "Ihre Buchung für zwei Nächte im Juli – Bestätigung",
       .content = text_part(
           "Sehr geehrte Frau Holt,\r\n\r\nwir bestätigen Ihnen gern das Zimmer »Murmeltier« "
           "vom\r\n"
           "14. bis 16. Juli für zwei Personen, mit Frühstück.\r\n\r\nDie Höhe beträgt 1 640 m, "
           "bitte bringen Sie warme Jacken mit.\r\n\r\nHerzliche Grüße\r\nFamilie Größl\r\n"),
       .fields = "Content-Language: de-AT\r\n"});
  post.later(60, 300);
  thread +=
      "\r\n " + post.file("Sent", seen(),
                          {.from = maren(),
                           .to = {pension},
                           .subject = "Re: Ihre Buchung für zwei Nächte im Juli – Bestätigung",
                           .content = text_part("Vielen Dank! Wir kommen mit dem Zug um 17:40 "
                                                "an.\r\n\r\nMaren Holt\r\n"),
                           .references = thread});
  post.later(60, 900);
  post.file("Reisen/Österreich", seen(),
            {.from = pension,
             .subject = "AW: Ihre Buchung für zwei Nächte im Juli – Bestätigung",
             .content = {"Content-Type: text/plain; charset=iso-8859-1\r\n"
                         "Content-Transfer-Encoding: 8bit\r\n",
                         latin1("Wir holen Sie am Bahnhof ab. Grüß Gott bis dahin!\r\n")},
             .references = thread});
  post.later(3000, 5000);
  const std::string mixed = post.boundary();
  post.file("Reisen/Österreich", seen(kFlagged),
            {.from = {"Zugauskunft", "fahrkarten@bahn.example"},
             .subject = "Ihre Fahrkarte",
             .content = multipart(
                 "mixed", mixed,
                 std::array{text_part("Ihre Fahrkarte liegt bei. Gute Reise!\r\n"),
                            attachment("application/pdf", "Fahrkarte Österreich.pdf",
                                       pdf("Wien Hbf - Gastein, 14 July, seats 41 and 42"))})});
  for (int i = 0; i < 9; ++i) {
    post.later(600, 2200);
    post.file("Reisen/Österreich", seen(),
              {.from = idris(),
               .subject = fmt::format("Foto {} vom Berg", i + 1),
               .content = multipart(
                   "mixed", post.boundary(),
                   std::array{text_part("⛰️\r\n"),
                              attachment("image/png", fmt::format("gipfel-{}.png", i + 1),
                                         png(24 + static_cast<unsigned>(i) * 6, 0x88AAEE))})});
  }
}

void drafts(Post& post) {
  constexpr std::array kTexts = {
      "Dear Mr Nilsen,\r\n\r\nabout the benches: we would like to\r\n", "",
      "Idris, before I forget -\r\n",
      "To whom it may concern,\r\n\r\nI am writing to complain in the strongest terms about the "
      "fog.\r\n"};
  int day = 30;
  for (const std::string_view text : kTexts) {
    post.days_ago(day -= 6);
    post.file("Drafts", seen(bit(SystemFlag::draft)),
              {.from = maren(),
               .to = {{"", "nilsen@example.net"}},
               .subject = text.empty() ? "" : "Draft",
               .content = text_part(text)});
  }
}

void trash(Post& post) {
  for (int i = 0; i < 8; ++i) {
    post.days_ago(25 - i * 3);
    post.file("Trash", i % 3 == 0 ? unseen() : seen(i % 4 == 1 ? bit(SystemFlag::deleted) : 0),
              {.from = {"Harbour Pool", "noreply@pool.example"},
               .subject = fmt::format("Water temperature this week: {} degrees", 21 - i),
               .content = text_part("The sauna is open as usual.\r\n")});
  }
}

}  // namespace

void home_mail(Post& post) {
  family_birthday(post);
  photo_letter(post);
  small_notes(post);
  austria(post);
  drafts(post);
  trash(post);
}

}  // namespace posthorn::demo::demo
