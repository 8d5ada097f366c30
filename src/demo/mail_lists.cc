// A mailing list and newsletters.

#include <array>

#include <fmt/format.h>

#include "demo/mail_encode.h"
#include "demo/mail_post.h"

namespace posthorn::demo::demo {

namespace {

constexpr std::string_view kListFields =
    "Sender: gardening-bounces@lists.example\r\n"
    "List-Id: Gardening by the sea <gardening.lists.example>\r\n"
    "List-Post: <mailto:gardening@lists.example>\r\n"
    "List-Unsubscribe: <mailto:gardening-leave@lists.example>,\r\n"
    " <https://lists.example/gardening/leave>\r\n"
    "List-Archive: <https://lists.example/gardening/>\r\n"
    "Precedence: list\r\n";

const std::array<Person, 7> kGardeners = {Person{"Tove Ask", "tove@example.com"},
                                          Person{"José Ibáñez", "jose@huerta.example"},
                                          Person{"Bart van Dijk", "bart@example.net"},
                                          Person{"Siân Prys", "sian@example.org"},
                                          Person{"Zoë O'Hara", "zoe@ohara.example"},
                                          Person{"Łukasz Żak", "lukasz@zak.example"},
                                          Person{"G. Thistlewood, Esq.", "gt@thistle.example"}};

struct Topic {
  std::string_view subject;
  std::string_view question;
};

constexpr std::array kTopics = {
    Topic{"Kale and salt wind",
          "My kale is brown on the west side only. Wind, or am I being punished?"},
    Topic{"Slugs: the final word", "Beer, copper or ducks? I have tried two of the three."},
    Topic{"Seed swap in November", "I have far too many runner beans and not one decent leek."},
    Topic{"Compost temperature",
          "68 degrees this morning, at minus two outside. Should I be proud or "
          "should I be calling somebody?"},
    Topic{"Which apple for a north wall?",
          "The wall gets four hours of sun in June and none in March."},
    Topic{"Off topic: what is this bird?", "Grey, cross, and it knows my name."}};

constexpr std::array kAnswers = {
    "Ducks. They also answer back, which is nice in winter.",
    "We had the same in the wet year. A fence of hazel, knee high, was enough.",
    "Take cuttings now, in sand, and forget them until the evenings are light again. ☀️",
    "Mi abuela ponía ceniza alrededor; funcionaba, pero sólo si no llovía.",
    "I respectfully disagree with everything that has been said, including by myself last year.",
    "Seaweed. The answer on this list is always seaweed."};

void list(Post& post) {
  int day = 66;
  for (const Topic& topic : kTopics) {
    post.days_ago(day -= 10);
    const Person reader{"gardening", "gardening@lists.example"};
    const std::string subject = fmt::format("[gardening] {}", topic.subject);
    const std::string first = post.file("Lists/gardening", day < 20 ? unseen() : seen(),
                                        {.from = post.one_of(kGardeners),
                                         .to = {reader},
                                         .subject = subject,
                                         .content = text_part(wrapped(topic.question)),
                                         .fields = std::string(kListFields)});
    std::string branch = first;
    const std::uint64_t answers = 3 + post.chance(5);
    for (std::uint64_t i = 0; i < answers; ++i) {
      post.later(15, 700);
      if (post.chance(3) == 0) branch = first;  // Threads fork.
      // Some programs put the list's tag before "Re:", some after.
      const std::string reply =
          post.chance(2) == 0 ? "Re: " + subject : fmt::format("[gardening] Re: {}", topic.subject);
      branch += "\r\n " + post.file("Lists/gardening", day < 30 ? unseen() : seen(),
                                    {.from = post.one_of(kGardeners),
                                     .to = {reader},
                                     .subject = reply,
                                     .content = text_part(wrapped(post.one_of(kAnswers)) +
                                                          "_____________________________\r\n"
                                                          "gardening mailing list\r\n"),
                                     .references = branch,
                                     .fields = std::string(kListFields)});
    }
  }
}

std::string newsletter_html(std::string_view title, std::string_view lead, unsigned number) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"><title>{0}</title>\r\n"
      "<style>body {{ font-family: serif; }} .item {{ border-top: 1px solid #ccc; }}</style></head>"
      "\r\n<body><!-- issue {2} --><h1>{0}</h1><p>{1}</p>\r\n",
      title, lead, number);
  for (unsigned i = 1; i <= 4; ++i)
    html += fmt::format(
        "<div class=\"item\"><h2>{0}. Story {0}</h2><p>Read on &raquo; "
        "<a href=\"https://news.example/{1}/{0}?u=maren&amp;x=1\">more</a></p></div>\r\n",
        i, number);
  return html +
         "<p style=\"font-size:8px\">You get this because you once bought a rope.</p>"
         "</body></html>\r\n";
}

void newsletters(Post& post) {
  const Person paper{"The Coastal Courier ⚓", "news@courier.example"};
  constexpr std::array kLeads = {"Ferries, herring and a scandal about buns.",
                                 "Who moved the harbour clock – and why it was right to do so.",
                                 "Nine café owners on the perfect cinnamon roll.",
                                 "Storm season: what to tie down first."};
  for (unsigned i = 0; i < 22; ++i) {
    post.days_ago(static_cast<int>(150 - i * 7));
    const std::string_view lead = post.one_of(kLeads);
    const std::string title = fmt::format("Courier no. {}", 340 + i);
    const std::array both = {text_part(fmt::format("{}\r\n\r\n{}\r\n", title, lead)),
                             text_part(newsletter_html(title, lead, 340 + i), "html")};
    const bool plain_too = post.chance(3) != 0;
    post.file(i % 5 == 4 ? "INBOX" : "Lists/newsletters", i > 19 || i % 3 == 0 ? unseen() : seen(),
              {.from = paper,
               .subject = fmt::format("{}: {}", title, lead),
               .content = plain_too ? multipart("alternative", post.boundary(), both) : both[1],
               .fields = fmt::format("List-Id: <courier.example>\r\n"
                                     "List-Unsubscribe: <https://news.example/leave?u={}>\r\n"
                                     "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                                     post.chance(100000))});
  }
}

}  // namespace

void list_mail(Post& post) {
  list(post);
  newsletters(post);
}

}  // namespace posthorn::demo::demo
