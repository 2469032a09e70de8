"""The words that texts are made of: ours, so that no release of a library changes a seed's rows.

A list that changes in any way is a new ``draws.GENERATOR``.
"""

from __future__ import annotations

FIRST_NAMES = (
    "Ada Adam Aisha Alan Alice Amina Amir Ana Anders Andrea Anna Anton Aria Arjun Astrid Ben "
    "Bianca Bruno Camila Carlos Carmen Cecilia Chen Clara Daniel Dario David Diana Diego Dora "
    "Edgar Elena Eli Elif Elsa Emeka Emil Emma Erik Esther Eva Farah Felix Fiona Frida Gabriel "
    "George Grace Greta Hana Hannah Hassan Hector Helen Henry Hugo Ida Igor Imani Ines Ingrid "
    "Iris Isaac Ivan Jack Jamal Jana Jens Joan Joel Jonas Julia Kai Karim Karin Kenji Kofi Lars "
    "Laura Layla Lena Leo Lina Lucas Lucia Luis Magnus Maja Malik Marco Maria Marie Martin Mateo "
    "Maya Mei Mila Milan Mina Miriam Mona Nadia Naomi Nia Nils Nina Noah Noor Olga Oliver Omar "
    "Oscar Pablo Paula Pedro Petra Priya Rafael Rania Ravi Rita Robin Rosa Ruth Samir Sara Sofia "
    "Stefan Tara Tariq Thea Tomas Vera Victor Wanda Yara Yusuf Zara Zoe"
).split()
LAST_NAMES = (
    "Abbott Adams Aguilar Ahmed Almeida Andersen Arroyo Bailey Baker Barros Bauer Becker Bell "
    "Berg Bianchi Blake Blanc Bondar Brandt Brooks Campos Carter Castillo Chan Clarke Coelho "
    "Conti Costa Cruz Dahl Dawson Delgado Diaz Dubois Duarte Eklund Eriksen Evans Farkas Fischer "
    "Fleming Flores Fontaine Fraser Garcia Gomez Grant Greco Haddad Hansen Harris Hayashi Hoffman "
    "Holm Horvat Hughes Ibrahim Ito Ivanova Jansen Jensen Johansson Kaplan Keller Khan Kim "
    "Kovacs Kowalski Kumar Larsen Laurent Lee Lindqvist Lopez Lund Maier Marino Martinez Mason "
    "Mendes Meyer Mori Moreau Mueller Murphy Nakamura Navarro Nguyen Nielsen Novak Okafor Olsen "
    "Ortega Osei Palmer Park Patel Pereira Petrov Quinn Ramirez Reyes Ricci Rossi Roux Sandberg "
    "Santos Schmidt Schneider Silva Simmons Singh Sorensen Suzuki Tanaka Taylor Torres Urban "
    "Vargas Vega Virtanen Vogel Wagner Walker Weber Wong Yamada Yilmaz Zeller Zimmer"
).split()
ADJECTIVES = (
    "amber ancient autumn bold brave bright brisk broad calm careful clear clever coastal cool "
    "copper crimson crisp daily deep distant early eastern easy even fair famous fast fine firm "
    "fresh gentle golden grand green hidden honest humble idle inner ivory jolly keen kind large "
    "late light little lively local lone lucky mellow mild modern narrow neat new noble northern "
    "old open pale patient plain polite proud pure quick quiet rapid rare ready rich rough round "
    "royal scarlet secret shady sharp short silent silver simple slow small smooth soft solid "
    "southern spare steady still stone strong sturdy sunny sweet swift tall tidy tiny true upper "
    "vast velvet violet warm western white wide wild winter wise wooden young"
).split()
NOUNS = (
    "anchor apple arch arrow atlas autumn basket beacon bell bench birch bird boat book bottle "
    "branch bridge brook button cabin candle canyon castle cedar chair cherry circle clock cloud "
    "clover coast comet compass copper coral corner cottage creek crown curtain delta desk door "
    "dune eagle echo ember engine falcon feather fern field fire flag forest fountain fox garden "
    "gate glacier glass grove hammer harbor harvest hawk hazel heron hill horizon house island "
    "ivy jacket jar journal kettle key kite ladder lake lamp lantern leaf lemon letter lily lion "
    "maple market marsh meadow mill mirror moon morning mountain needle nest oak ocean olive "
    "orchard otter owl paper path pearl pebble pine planet plaza pocket pond poppy prairie quarry "
    "quill rain raven reed ridge river road robin rope rose sail salmon sand school shadow shell "
    "shore signal sky smoke snow sparrow spring square star station stone storm stream street "
    "summit sun table thistle thunder tiger tower trail train tree tulip valley village violin "
    "wagon wall water wave wheel willow wind window wing winter wood yard"
).split()
CITIES = (
    "Aarhus Accra Adelaide Athens Auckland Austin Barcelona Basel Bergen Berlin Bilbao Bogota "
    "Bologna Boston Bremen Brisbane Bristol Brno Brussels Budapest Cairo Calgary Cardiff Chicago "
    "Cologne Copenhagen Cork Dakar Dallas Delhi Denver Dresden Dublin Durban Edinburgh Florence "
    "Gdansk Geneva Genoa Ghent Glasgow Graz Hamburg Hanoi Helsinki Houston Izmir Jakarta Kampala "
    "Kobe Krakow Kyoto Lagos Leeds Leipzig Lille Lima Lisbon Ljubljana London Lyon Madrid Malaga "
    "Manchester Manila Medellin Melbourne Milan Montreal Munich Nairobi Nantes Naples Osaka Oslo "
    "Ottawa Oxford Palermo Paris Perth Porto Portland Prague Quito Recife Riga Rome Rotterdam "
    "Salzburg Santiago Seattle Seoul Seville Sofia Stockholm Sydney Taipei Tallinn Tampere Tokyo "
    "Toronto Trieste Tunis Turin Utrecht Valencia Vancouver Vienna Vilnius Warsaw Zagreb Zurich"
).split()
COUNTRIES = (
    "Argentina Australia Austria Belgium Brazil Canada Chile Colombia Croatia Denmark Egypt "
    "Estonia Finland France Germany Ghana Greece Hungary Iceland India Indonesia Ireland Italy "
    "Japan Kenya Latvia Lithuania Malaysia Mexico Morocco Netherlands Nigeria Norway Peru "
    "Philippines Poland Portugal Romania Senegal Slovakia Slovenia Spain Sweden Switzerland "
    "Taiwan Thailand Tunisia Turkey Uganda Ukraine Uruguay Vietnam"
).split()
COUNTRY_CODES = (
    "AR AU AT BE BR CA CL CO HR DK EG EE FI FR DE GH GR HU IS IN ID IE IT JP KE LV LT MY MX MA NL "
    "NG NO PE PH PL PT RO SN SK SI ES SE CH TW TH TN TR UG UA UY VN"
).split()
CURRENCY_CODES = (
    "ARS AUD BRL CAD CHF CLP COP CZK DKK EGP EUR GBP HUF IDR INR ISK JPY KES MXN NGN NOK NZD PEN "
    "PHP PLN RON SEK THB TND TRY UAH USD UYU VND"
).split()
LANGUAGE_CODES = (
    "da de el en es et fi fr hr hu id is it ja ko lt lv nl no pl pt ro sk sl sv th tr".split()
)
TIME_ZONES = (
    "Africa/Cairo Africa/Lagos America/Bogota America/Chicago America/New_York America/Sao_Paulo "
    "Asia/Jakarta Asia/Kolkata Asia/Tokyo Australia/Sydney Europe/Berlin Europe/Lisbon "
    "Europe/London Europe/Paris Europe/Warsaw Pacific/Auckland UTC"
).split()
COLORS = (
    "amber azure beige black blue bronze brown coral crimson cyan gold gray green indigo ivory "
    "jade lilac lime maroon navy ochre olive orange pink purple red rose ruby silver teal violet "
    "white yellow"
).split()
COMPANY_ENDINGS = ["Ltd", "Inc", "Group", "Works", "Labs", "& Sons", "Partners", "Studio"]
JOBS = [
    "Accountant", "Analyst", "Architect", "Baker", "Bookseller", "Carpenter", "Chemist", "Cook",
    "Data engineer", "Dentist", "Designer", "Developer", "Editor", "Electrician", "Engineer",
    "Farmer", "Gardener", "Geologist", "Journalist", "Lawyer", "Librarian", "Machinist", "Manager",
    "Mechanic", "Musician", "Nurse", "Pharmacist", "Photographer", "Physician", "Pilot", "Plumber",
    "Product manager", "Researcher", "Sales manager", "Sailor", "Surveyor", "Tailor", "Teacher",
    "Technician", "Translator", "Writer",
]  # fmt: skip
STREET_ENDINGS = ["Street", "Road", "Lane", "Avenue", "Way", "Close", "Square", "Hill"]
OPENINGS = [
    "A short guide to the", "A week with the", "At the", "Behind the", "Before the", "Beyond the",
    "Five questions about the", "How we found the", "In praise of the", "Letters from the",
    "Life near the", "Looking for the", "Notes on the", "On the way to the", "Return to the",
    "The history of the", "The secret of the", "Under the", "What we learned from the", "Why the",
]  # fmt: skip
SENTENCES = [
    "The first surprise was how little of it was left.",
    "Nobody remembered who had asked for it.",
    "It took one afternoon to build and three weeks to explain.",
    "We began with a list, and crossed out most of it.",
    "The numbers were right, and they did not help.",
    "By noon the rain had stopped and the road was open again.",
    "She read the letter twice and put it back into the drawer.",
    "The old map showed a bridge where there was none.",
    "Everybody agreed, and nobody was sure.",
    "The second attempt went better than the first.",
    "There was a light in the window until late.",
    "He kept the receipts, as he had been told.",
    "Most of the work was waiting for the others.",
    "The garden had grown over the wall by then.",
    "What we would do differently is simple: measure first.",
    "They arrived a day early and found the door locked.",
    "The smallest change had the largest effect.",
    "After a while the noise was part of the place.",
    "It is still in use, with a new handle.",
    "The answer was on the last page.",
    "A neighbor had seen the van, and wrote down its number.",
    "In spring the river comes up to the second step.",
    "We paid for the lamp and left the table behind.",
    "The train was late, and so was the letter.",
]
# example.com and its kin are nobody's (RFC 2606).
DOMAINS = ["example.com", "example.net", "example.org"]
FILE_ENDINGS = ["pdf", "png", "txt", "jpg"]
