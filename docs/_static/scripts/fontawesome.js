// Stands in for the theme's script of all icons there are, 1.5 MB: site.css takes a few from the font.
