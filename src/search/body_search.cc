#include "search/body_search.h"

namespace posthorn::search {
namespace {

class Needle : public store::TextSink {
 public:
  explicit Needle(const text::Finder& finder) : stream_(finder) {}
  void begin() override { stream_.reset(); }
  bool feed(std::string_view folded) override { return stream_.feed(folded); }

 private:
  text::StreamFinder stream_;
};

}  // namespace

Result<bool> BodySearch::contains(Ordinal message, std::string_view structure,
                                  std::string_view body, const text::Finder& finder) {
  if (finder.needle().empty()) return true;
  Needle needle(finder);
  auto found = texts_.body(structure, body, needle);
  if (found && !*found && attachments_) found = texts_.attachments(message, needle);
  if (!found) failed_ = found.error();
  return found;
}

bool BodySearch::header_contains(std::string_view header, const text::Finder& finder) {
  if (finder.needle().empty()) return true;
  Needle needle(finder);
  return texts_.header(header, needle);
}

}  // namespace posthorn::search
